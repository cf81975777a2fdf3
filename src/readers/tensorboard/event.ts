import type { TagMeaning } from './columns.ts';
import { MalformedMessage, type Range, type WireReader } from './wire.ts';

/** One event (tensorflow/core/util/event.proto). Ranges point into the reader's buffer. */
export interface Event {
  readonly wallTime: number;
  readonly step: number;
  readonly values: readonly SummaryValue[];
  /** A new session of the same log began here: what was logged at this step and above before is replaced (SessionLog.START). */
  readonly sessionStart: boolean;
}

/** Summary.Value of tensorflow/core/framework/summary.proto. At most one of the value's forms is there; hparams have none. */
export interface SummaryValue {
  readonly tag: Range;
  readonly meaning: TagMeaning | undefined;
  /** Content of the plugin's data in the metadata. */
  readonly pluginContent: Range | undefined;
  readonly simpleValue: number | undefined;
  readonly image: Range | undefined;
  readonly histogram: Range | undefined;
  readonly audio: Range | undefined;
  readonly tensor: Range | undefined;
}

const sessionStartStatus = 1;

/** Reads one event. Throws MalformedMessage where the bytes are none; nothing of such an event is used. */
export function readEvent(reader: WireReader): Event {
  let wallTime = 0;
  let step = 0;
  let sessionStart = false;
  const values: SummaryValue[] = [];
  while (reader.more) {
    const key = reader.key();
    if (key === 0x09) wallTime = reader.double();
    else if (key === 0x10) step = reader.signedVarint();
    else if (key === 0x2a) readSummary(reader.inside(reader.range()), values);
    else if (key === 0x3a) sessionStart = readSessionStatus(reader.inside(reader.range())) === sessionStartStatus;
    else reader.skip(key);
  }
  return { wallTime, step, values, sessionStart };
}

function readSummary(reader: WireReader, values: SummaryValue[]): void {
  while (reader.more) {
    const key = reader.key();
    if (key === 0x0a) values.push(readValue(reader.inside(reader.range())));
    else reader.skip(key);
  }
}

function readValue(reader: WireReader): SummaryValue {
  const value: { -readonly [K in keyof SummaryValue]: SummaryValue[K] } = {
    tag: { start: 0, end: 0 },
    meaning: undefined,
    pluginContent: undefined,
    simpleValue: undefined,
    image: undefined,
    histogram: undefined,
    audio: undefined,
    tensor: undefined,
  };
  while (reader.more) {
    const key = reader.key();
    if (key === 0x0a) value.tag = reader.range();
    else if (key === 0x15) value.simpleValue = reader.float();
    else if (key === 0x22) value.image = reader.range();
    else if (key === 0x2a) value.histogram = reader.range();
    else if (key === 0x32) value.audio = reader.range();
    else if (key === 0x42) value.tensor = reader.range();
    else if (key === 0x4a) Object.assign(value, readMetadata(reader.inside(reader.range())));
    else reader.skip(key);
  }
  return value;
}

/** SummaryMetadata: field 1 is the plugin's data, field 4 the data class. */
function readMetadata(reader: WireReader): Pick<SummaryValue, 'meaning' | 'pluginContent'> {
  let plugin = '';
  let dataClass = 0;
  let pluginContent: Range | undefined;
  while (reader.more) {
    const key = reader.key();
    if (key === 0x0a) {
      const data = reader.inside(reader.range());
      while (data.more) {
        const inner = data.key();
        if (inner === 0x0a) plugin = data.text(data.range());
        else if (inner === 0x12) pluginContent = data.range();
        else data.skip(inner);
      }
    } else if (key === 0x20) dataClass = reader.varint();
    else reader.skip(key);
  }
  return { meaning: { plugin, dataClass }, pluginContent };
}

function readSessionStatus(reader: WireReader): number {
  let status = 0;
  while (reader.more) {
    const key = reader.key();
    if (key === 0x08) status = reader.varint();
    else reader.skip(key);
  }
  return status;
}

/** A sentence for a record whose bytes are no event. */
export function describeMalformed(thrown: unknown): string {
  if (!(thrown instanceof MalformedMessage)) throw thrown;
  return `This record has a right checksum but is no event: ${thrown.message} It was skipped.`;
}
