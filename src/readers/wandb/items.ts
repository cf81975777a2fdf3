import { MalformedMessage, type WireReader } from '../tensorboard/wire.ts';

/** An item of a record, in a buffer: its key in bytes [start, keyEnd), its JSON in bytes [valueStart, end). It is filled anew by each reading. */
export interface ItemPlace {
  keyEnd: number;
  valueStart: number;
  end: number;
}

/** Key bytes of the fields: `key` = 1, `nested_key` = 2, `value_json` = 16, all of them with a length. */
const keyField = 0x0a;
const nestedKeyField = 0x12;
const valueField = 0x82;

/**
 * Finds key and value of an item that ends at `end`, in the order in which every writer puts the fields. Throws MalformedMessage for anything else. An
 * item without a value has an empty one.
 */
export function readItem(bytes: Uint8Array, start: number, end: number, into: ItemPlace): void {
  let at = start;
  while (at < end && (bytes[at] === nestedKeyField || bytes[at] === keyField)) {
    const length = bytes[at + 1]!;
    at = length < 128 ? at + 2 + length : skipLong(bytes, at + 1, end);
  }
  into.keyEnd = at;
  into.end = end;
  if (at === end) {
    into.valueStart = end;
    return;
  }
  // The key of field 16 has two bytes.
  if (at > end || bytes[at] !== valueField || bytes[at + 1] !== 0x01)
    throw new MalformedMessage('An item has fields in an unknown order.');
  at += 2;
  let length = bytes[at]!;
  if (length < 128) at++;
  else [length, at] = readLength(bytes, at, end);
  if (at + length !== end) throw new MalformedMessage('The value of an item does not end with it.');
  into.valueStart = at;
}

/** Length and first byte behind it. */
export function readLength(bytes: Uint8Array, start: number, end: number): readonly [length: number, at: number] {
  let length = 0;
  let at = start;
  for (let scale = 1; ; scale *= 128) {
    if (at >= end || scale > 2 ** 35) throw new MalformedMessage('A length runs over the end of its message.');
    const byte = bytes[at++]!;
    length += (byte & 127) * scale;
    if (byte < 128) return [length, at];
  }
}

function skipLong(bytes: Uint8Array, start: number, end: number): number {
  const [length, at] = readLength(bytes, start, end);
  return at + length;
}

/** Calls `take` for each item of a repeated field that the reader's message holds; other fields are passed. */
export function readItems(reader: WireReader, field: number, take: (place: ItemPlace, start: number) => void): void {
  const place: ItemPlace = { keyEnd: 0, valueStart: 0, end: 0 };
  while (reader.more) {
    const key = reader.key();
    if (key !== field * 8 + 2) {
      reader.skip(key);
      continue;
    }
    const { start, end } = reader.range();
    readItem(reader.bytes, start, end, place);
    take(place, start);
  }
}
