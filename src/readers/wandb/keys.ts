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
  readonly hash: number;
}

/**
 * Finds keys by their bytes, so that no string is made per value: open addressing with FNV-1a. W&B writes the items of a record in random order, so a
 * guess of the next one would not help.
 */
export class KeyTable<Key extends RawKey> {
  readonly #make: (bytes: Uint8Array, hash: number) => Key;
  #slots: (Key | undefined)[] = new Array<Key | undefined>(256).fill(undefined);
  #count = 0;

  /** `make` gets bytes of its own. */
  constructor(make: (bytes: Uint8Array, hash: number) => Key) {
    this.#make = make;
  }

  find(bytes: Uint8Array, start: number, end: number): Key {
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const key = slots[slot];
      if (key === undefined) return this.#add(slot, bytes.slice(start, end), hash);
      if (key.hash === hash && isSame(key.bytes, bytes, start, end)) return key;
    }
  }

  #add(slot: number, bytes: Uint8Array, hash: number): Key {
    const key = this.#make(bytes, hash);
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

function isSame(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (own.length !== end - start) return false;
  for (let index = 0; index < own.length; index++) if (own[index] !== bytes[start + index]) return false;
  return true;
}
