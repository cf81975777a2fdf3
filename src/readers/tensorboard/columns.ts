import type { ScalarBatch } from '../../domain/records.ts';
import { enlargeColumn, trimColumn } from '../files/spareMemory.ts';
import { viewOf } from './wire.ts';

/** What SummaryMetadata says of a tag. It stands only at the tag's first value, so it must be remembered. */
export interface TagMeaning {
  readonly plugin: string;
  /** DataClass of summary.proto: 0 unknown, 1 scalar, 2 tensor, 3 blobs. */
  readonly dataClass: number;
}

/** One tag: its meaning, and the scalars that were read since they were last taken. */
export class TagColumns {
  readonly tag: string;
  readonly bytes: Uint8Array;
  /** The same in whole words of four bytes, little-endian; up to three bytes are left over. */
  readonly words: Int32Array;
  meaning: TagMeaning | undefined;
  /** The tag that followed this one last time. Loggers write tags in turns, so it is usually the next one again. */
  successor: TagColumns | undefined;
  count = 0;
  steps = none;
  wallTimes = none;
  values = none;
  /** How many rows the last piece of the log brought: the next piece of a long log brings about as many. */
  readonly #expected: number;

  constructor(tag: string, bytes: Uint8Array, expected: number) {
    this.tag = tag;
    this.bytes = bytes;
    const view = viewOf(bytes);
    this.words = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => view.getInt32(4 * index, true));
    this.#expected = expected;
  }

  /** Whether the tag is these bytes. Four are compared at a time: this is done for every value of a log. */
  hasBytes(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    const { bytes: own, words } = this;
    if (own.length !== end - start) return false;
    for (let index = 0; index < words.length; index++)
      if (words[index] !== view.getInt32(start + 4 * index, true)) return false;
    for (let index = 4 * words.length; index < own.length; index++)
      if (own[index] !== bytes[start + index]) return false;
    return true;
  }

  push(step: number, wallTime: number, value: number): void {
    const at = this.nextRow();
    this.steps[at] = step;
    this.wallTimes[at] = wallTime;
    this.values[at] = value;
  }

  /** The place of one more row, which the caller fills: numbers that are passed on are allocated one by one where a call is not inlined. */
  nextRow(): number {
    const at = this.count;
    if (at === this.steps.length) this.#grow();
    this.count = at + 1;
    return at;
  }

  /** Hands over the rows; the columns start empty again. `lent`: see PollBudget. */
  take(lent: boolean): ScalarBatch {
    const { tag, count } = this;
    const batch = {
      tag,
      steps: trimColumn(this.steps, count, lent),
      wallTimes: trimColumn(this.wallTimes, count, lent),
      values: trimColumn(this.values, count, lent),
    };
    this.count = 0;
    this.steps = none;
    this.wallTimes = none;
    this.values = none;
    return batch;
  }

  #grow(): void {
    const capacity = this.count === 0 ? Math.max(64, Math.ceil(this.#expected * 1.05)) : this.count * 2;
    this.steps = enlargeColumn(this.steps, capacity);
    this.wallTimes = enlargeColumn(this.wallTimes, capacity);
    this.values = enlargeColumn(this.values, capacity);
  }
}

/** Finds the columns of a tag by its UTF-8 bytes, so that no string is made per value. */
export class TagTable {
  readonly #byHash = new Map<number, TagColumns[]>();
  readonly #all: TagColumns[] = [];
  readonly #expected: ReadonlyMap<string, number>;
  #last: TagColumns | undefined;

  /** `expected`: about how many rows each tag will have, where that is known; columns that grow step by step are copied often. */
  constructor(expected: ReadonlyMap<string, number> = new Map()) {
    this.#expected = expected;
  }

  get all(): readonly TagColumns[] {
    return this.#all;
  }

  /** `view` is a view of the same bytes. */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): TagColumns {
    const guess = this.#last?.successor;
    if (guess?.hasBytes(bytes, view, start, end)) {
      this.#last = guess;
      return guess;
    }
    const found = this.#lookUp(bytes, view, start, end);
    if (this.#last !== undefined) this.#last.successor = found;
    this.#last = found;
    return found;
  }

  findText(tag: string): TagColumns {
    const bytes = new TextEncoder().encode(tag);
    return this.#lookUp(bytes, viewOf(bytes), 0, bytes.length);
  }

  #lookUp(bytes: Uint8Array, view: DataView, start: number, end: number): TagColumns {
    const hash = hashBytes(bytes, start, end);
    let bucket = this.#byHash.get(hash);
    if (bucket === undefined) {
      bucket = [];
      this.#byHash.set(hash, bucket);
    }
    const known = bucket.find((columns) => columns.hasBytes(bytes, view, start, end));
    if (known !== undefined) return known;
    const own = bytes.slice(start, end);
    const tag = new TextDecoder().decode(own);
    const made = new TagColumns(tag, own, this.#expected.get(tag) ?? 0);
    bucket.push(made);
    this.#all.push(made);
    return made;
  }
}

const none = new Float64Array(0);

/** FNV-1a, 32 bits. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
