import type { ScalarBatch } from '../../domain/records.ts';

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
  meaning: TagMeaning | undefined;
  /** The tag that followed this one last time. Loggers write tags in turns, so it is usually the next one again. */
  successor: TagColumns | undefined;
  count = 0;
  steps = none;
  wallTimes = none;
  values = none;
  /** How many rows were taken last time: the next piece of a long log brings about as many. */
  #expected = 0;

  constructor(tag: string, bytes: Uint8Array) {
    this.tag = tag;
    this.bytes = bytes;
  }

  push(step: number, wallTime: number, value: number): void {
    const at = this.count;
    if (at === this.steps.length) this.#grow();
    this.steps[at] = step;
    this.wallTimes[at] = wallTime;
    this.values[at] = value;
    this.count = at + 1;
  }

  /** Hands over the rows; the columns start empty again. */
  take(): ScalarBatch {
    const { tag, count } = this;
    const batch = {
      tag,
      steps: trim(this.steps, count),
      wallTimes: trim(this.wallTimes, count),
      values: trim(this.values, count),
    };
    this.#expected = count;
    this.count = 0;
    this.steps = none;
    this.wallTimes = none;
    this.values = none;
    return batch;
  }

  #grow(): void {
    const capacity = this.count === 0 ? Math.max(64, Math.ceil(this.#expected * 1.05)) : this.count * 2;
    this.steps = enlarge(this.steps, capacity);
    this.wallTimes = enlarge(this.wallTimes, capacity);
    this.values = enlarge(this.values, capacity);
  }
}

/** Finds the columns of a tag by its UTF-8 bytes, so that no string is made per value. */
export class TagTable {
  readonly #byHash = new Map<number, TagColumns[]>();
  readonly #all: TagColumns[] = [];
  #last: TagColumns | undefined;

  get all(): readonly TagColumns[] {
    return this.#all;
  }

  find(bytes: Uint8Array, start: number, end: number): TagColumns {
    const guess = this.#last?.successor;
    if (guess !== undefined && sameBytes(guess.bytes, bytes, start, end)) {
      this.#last = guess;
      return guess;
    }
    const found = this.#lookUp(bytes, start, end);
    if (this.#last !== undefined) this.#last.successor = found;
    this.#last = found;
    return found;
  }

  findText(tag: string): TagColumns {
    const bytes = new TextEncoder().encode(tag);
    return this.#lookUp(bytes, 0, bytes.length);
  }

  #lookUp(bytes: Uint8Array, start: number, end: number): TagColumns {
    const hash = hashBytes(bytes, start, end);
    let bucket = this.#byHash.get(hash);
    if (bucket === undefined) {
      bucket = [];
      this.#byHash.set(hash, bucket);
    }
    const known = bucket.find((columns) => sameBytes(columns.bytes, bytes, start, end));
    if (known !== undefined) return known;
    const own = bytes.slice(start, end);
    const made = new TagColumns(new TextDecoder().decode(own), own);
    bucket.push(made);
    this.#all.push(made);
    return made;
  }
}

const none = new Float64Array(0);

/** A column of its count's length: cut off in place where little is wasted, copied where much is. Each column keeps a buffer of its own, to be transferred. */
function trim(column: Float64Array<ArrayBuffer>, count: number): Float64Array {
  return count > column.length * 0.9 ? column.subarray(0, count) : column.slice(0, count);
}

function enlarge(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}

function sameBytes(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = own.length;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) if (own[index] !== bytes[start + index]) return false;
  return true;
}

/** FNV-1a, 32 bits. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
