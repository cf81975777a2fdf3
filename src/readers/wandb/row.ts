import { MalformedMessage } from '../tensorboard/wire.ts';
import { readItem, readLength } from './items.ts';
import type { KeyBuffer, KeyTable, RawKey } from './keys.ts';
import { parseNumber } from './number.ts';

/** What a key of the history is for. `type` is the `_type` within a value that was split into items: its siblings are no scalars. */
export type Role = 'value' | 'step' | 'time' | 'type' | 'ignored';

export interface RowKey extends RawKey {
  readonly path: readonly string[];
  readonly role: Role;
}

/** What is known of a value: its number, or only where its JSON stands. `taken` belongs to a larger value that was put together already. */
export const kinds = { number: 0, other: 1, taken: 2 } as const;

/** HistoryRecord: item = 1, step = 2 (a HistoryStep: num = 1). */
const itemField = 0x0a;
const stepField = 0x12;

const letters = { t: 0x74, f: 0x66, n: 0x6e, N: 0x4e, I: 0x49 };
const minus = 0x2d;

/** The values of one history record, column i of each array belonging together. It is filled anew by each reading, since most of the time is spent here. */
export class Row<Key extends RowKey> {
  count = 0;
  /** NaN where the record does not say. */
  step = Number.NaN;
  time = Number.NaN;
  hasType = false;
  hasOther = false;
  readonly keys: Key[] = [];
  kinds = new Uint8Array(64);
  numbers = new Float64Array(64);
  /** Where the item's field begins, where its JSON begins, and where both end. */
  starts = new Int32Array(64);
  values = new Int32Array(64);
  ends = new Int32Array(64);
  readonly #table: KeyTable<Key>;
  readonly #place = { keyEnd: 0, valueStart: 0, end: 0 };

  constructor(table: KeyTable<Key>) {
    this.#table = table;
  }

  /** Reads the HistoryRecord in bytes [start, end). Throws MalformedMessage. */
  read(buffer: KeyBuffer, start: number, end: number): void {
    const { bytes } = buffer;
    this.count = 0;
    this.step = Number.NaN;
    this.time = Number.NaN;
    this.hasType = false;
    this.hasOther = false;
    let stepNumber = Number.NaN;
    for (let at = start; at < end; ) {
      const field = bytes[at]!;
      const fieldStart = at;
      let length = bytes[at + 1]!;
      at += 2;
      if (field >= 128) {
        // Fields from 16 on have keys of two bytes; what is there (_info, 200) has a length, and tells nothing.
        if ((field & 7) !== 2 || length >= 128) throw new MalformedMessage('A history record has an unknown field.');
        [length, at] = readLength(bytes, at, end);
      } else if (length >= 128) [length, at] = readLength(bytes, at - 1, end);
      const contentStart = at;
      at += length;
      if (at > end) throw new MalformedMessage('A field is longer than its message.');
      if (field === itemField) this.#readItem(buffer, fieldStart, contentStart, at);
      else if (field === stepField) stepNumber = readStep(bytes, contentStart, at);
    }
    if (Number.isNaN(this.step)) this.step = stepNumber;
  }

  #readItem(buffer: KeyBuffer, fieldStart: number, start: number, end: number): void {
    const { bytes } = buffer;
    const place = this.#place;
    readItem(bytes, start, end, place);
    const key = this.#table.find(buffer, start, place.keyEnd);
    const { role } = key;
    const { valueStart } = place;
    if (role === 'ignored' || valueStart === end) return;
    const first = bytes[valueStart]!;
    let number = Number.NaN;
    let kind: number = kinds.number;
    if ((first >= 0x30 && first <= 0x39) || first === minus || first === letters.N || first === letters.I)
      number = parseNumber(bytes, valueStart, end);
    else if (first === letters.t) number = 1;
    else if (first === letters.f) number = 0;
    // `null` is nothing to show.
    else if (first === letters.n) return;
    else kind = kinds.other;
    if (role === 'step') this.step = number;
    else if (role === 'time') this.time = number;
    else this.#add(key, kind, number, fieldStart, valueStart, end);
  }

  #add(key: Key, kind: number, number: number, start: number, value: number, end: number): void {
    const index = this.count;
    if (index === this.kinds.length) this.#grow();
    this.keys[index] = key;
    this.kinds[index] = kind;
    this.numbers[index] = number;
    this.starts[index] = start;
    this.values[index] = value;
    this.ends[index] = end;
    this.count = index + 1;
    if (key.role === 'type') this.hasType = true;
    if (kind === kinds.other) this.hasOther = true;
  }

  #grow(): void {
    const size = this.kinds.length * 2;
    this.kinds = enlarge(this.kinds, new Uint8Array(size));
    this.numbers = enlarge(this.numbers, new Float64Array(size));
    this.starts = enlarge(this.starts, new Int32Array(size));
    this.values = enlarge(this.values, new Int32Array(size));
    this.ends = enlarge(this.ends, new Int32Array(size));
  }
}

function enlarge<T extends Uint8Array | Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/** The number of a HistoryStep; 0 where it is left out, as protocol buffers do with zeros. */
function readStep(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  if (bytes[start] !== 0x08) return Number.NaN;
  return readLength(bytes, start + 1, end)[0];
}
