import type { Json, JsonObject } from '../../domain/json.ts';
import { jsonNumber } from '../../domain/json.ts';
import type { WireReader } from './wire.ts';

/** The tag under which a session's hyper-parameters stand (tensorboard/plugins/hparams/metadata.py). */
export const sessionStartTag = '_hparams_/session_start_info';

/**
 * The hyper-parameters of HParamsPluginData: field 3 is SessionStartInfo, whose field 1 is a map of name to google.protobuf.Value
 * (tensorboard/plugins/hparams/plugin_data.proto). Throws MalformedMessage.
 */
export function readHparams(reader: WireReader): JsonObject {
  const found: Entry[] = [];
  eachMessage(reader, 0x1a, (sessionStart) => {
    eachMessage(sessionStart, 0x0a, (entry) => found.push(readEntry(entry, 0)));
  });
  return Object.fromEntries(found);
}

type Entry = readonly [string, Json];

/** An entry of a map<string, Value>: field 1 is the name, field 2 the value. */
function readEntry(reader: WireReader, depth: number): Entry {
  let name = '';
  let value: Json = null;
  while (reader.more) {
    const key = reader.key();
    if (key === 0x0a) name = reader.text(reader.range());
    else if (key === 0x12) value = readValue(reader.inside(reader.range()), depth);
    else reader.skip(key);
  }
  return [name, value];
}

/** google.protobuf.Value (google/protobuf/struct.proto). Deeper nesting than any configuration has is cut off, so that no file exhausts the stack. */
function readValue(reader: WireReader, depth: number): Json {
  let value: Json = null;
  if (depth > 32) return value;
  while (reader.more) {
    const key = reader.key();
    if (key === 0x11) value = jsonNumber(reader.double());
    else if (key === 0x1a) value = reader.text(reader.range());
    else if (key === 0x20) value = reader.varint() !== 0;
    else if (key === 0x2a) value = readStruct(reader.inside(reader.range()), depth + 1);
    else if (key === 0x32) value = readList(reader.inside(reader.range()), depth + 1);
    else reader.skip(key);
  }
  return value;
}

function readStruct(reader: WireReader, depth: number): Json {
  const fields: Entry[] = [];
  eachMessage(reader, 0x0a, (entry) => fields.push(readEntry(entry, depth)));
  return Object.fromEntries(fields);
}

function readList(reader: WireReader, depth: number): Json {
  const items: Json[] = [];
  eachMessage(reader, 0x0a, (item) => items.push(readValue(item, depth)));
  return items;
}

/** Calls back for each message of one field and skips the others. */
function eachMessage(reader: WireReader, wanted: number, read: (message: WireReader) => void): void {
  while (reader.more) {
    const key = reader.key();
    if (key === wanted) read(reader.inside(reader.range()));
    else reader.skip(key);
  }
}
