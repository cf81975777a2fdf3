import { MalformedMessage } from '../tensorboard/wire.ts';

/**
 * The names in an item of a history, summary or configuration record: `key` (field 1) or the parts of `nested_key` (field 2, repeated), as they stand in bytes
 * [start, end) of the item. W&B's own writer uses `nested_key` for every item of a history, the Python writers of 2020 to 2024 used `key`.
 */
export function readPath(bytes: Uint8Array, start: number, end: number): readonly string[] {
  const path: string[] = [];
  for (let at = start; at < end; ) {
    let length = 0;
    at++;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new MalformedMessage('A name runs over the end of its item.');
      const byte = bytes[at++]!;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    path.push(decoder.decode(bytes.subarray(at, at + length)));
    at += length;
  }
  return path;
}

const decoder = new TextDecoder();

/** A key of a record, by the bytes in which it is written. */
export interface RawKey {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly hash: number;
}

/** Bytes in which keys are looked for. */
export interface KeyBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Finds keys by their bytes, so that no string is made per value: open addressing, with a hash in the manner of FNV over words of four bytes. W&B writes the items of a record in random order, so a
 * guess of the next one would not help.
 */
export class KeyTable<Key extends RawKey> {
  readonly #make: (raw: RawKey) => Key;
  #slots: (Key | undefined)[] = new Array<Key | undefined>(256).fill(undefined);
  #count = 0;

  /** `make` gets bytes of its own. */
  constructor(make: (raw: RawKey) => Key) {
    this.#make = make;
  }

  find({ bytes, view }: KeyBuffer, start: number, end: number): Key {
    const hash = hashOf(bytes, view, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const key = slots[slot];
      if (key === undefined) return this.#add(slot, bytes.slice(start, end), hash);
      if (key.hash === hash && isSame(key, view, start, end)) return key;
    }
  }

  #add(slot: number, bytes: Uint8Array, hash: number): Key {
    const key = this.#make({ bytes, view: new DataView(bytes.buffer), hash });
    this.#slots[slot] = key;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return key;
  }

  #grow(): void {
    const old = this.#slots;
    const mask = old.length * 2 - 1;
    const slots = new Array<Key | undefined>(old.length * 2).fill(undefined);
    for (const key of old) {
      if (key === undefined) continue;
      let slot = key.hash & mask;
      while (slots[slot] !== undefined) slot = (slot + 1) & mask;
      slots[slot] = key;
    }
    this.#slots = slots;
  }
}

/** Four bytes at a time; the last four may have been taken in part before. */
function hashOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let hash = end - start;
  if (hash < 4) {
    for (let at = start; at < end; at++) hash = mix(hash, bytes[at]!);
    return hash;
  }
  const last = end - 4;
  for (let at = start; at < last; at += 4) hash = mix(hash, view.getInt32(at, true));
  return mix(hash, view.getInt32(last, true));
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function isSame({ bytes, view }: RawKey, other: DataView, start: number, end: number): boolean {
  const { length } = bytes;
  if (length !== end - start) return false;
  if (length < 4) return bytes.every((byte, index) => byte === other.getUint8(start + index));
  const last = length - 4;
  for (let index = 0; index < last; index += 4) {
    if (view.getInt32(index, true) !== other.getInt32(start + index, true)) return false;
  }
  return view.getInt32(last, true) === other.getInt32(start + last, true);
}
