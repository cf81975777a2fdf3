import type { BytesFile } from '../bytesFile.ts';

/** The bytes are no protocol buffer message. It never leaves this folder. */
export class MalformedModel extends Error {}

/** One field of a message in a file. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  /** The value of a varint; 0 for other wire types. */
  readonly value: number;
  /** Offsets in the file of the content of a length-delimited field. */
  readonly start: number;
  readonly end: number;
}

const windowBytes = 256 * 1024;

/** A model of 100 000 nodes has some millions of fields; beyond this nothing is looked at. */
const mostFields = 8_000_000;

/**
 * Walks the fields of messages that lie in a file, without reading the content of those that nobody asks for: a model has gigabytes of weights in a few fields.
 * Wire format: https://protobuf.dev/programming-guides/encoding/.
 */
export class FieldWalker {
  readonly #file: BytesFile;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;
  #left = mostFields;

  constructor(file: BytesFile) {
    this.#file = file;
  }

  /** Calls back for each field of the message in [start, end) of the file, in their order. Throws MalformedModel. */
  async each(start: number, end: number, visit: (field: Field) => void | Promise<void>): Promise<void> {
    let at = start;
    while (at < end) {
      if (--this.#left < 0) throw new MalformedModel(`it has more than ${mostFields} fields.`);
      if (!this.#holds(at, Math.min(20, end - at))) await this.#load(at);
      const { field, next } = this.#field(at, end);
      const waiting = visit(field);
      if (waiting !== undefined) await waiting;
      at = next;
    }
  }

  /** The text of a field; a long one is cut. */
  async text({ start, end }: Pick<Field, 'start' | 'end'>, most = 1000): Promise<string> {
    return new TextDecoder().decode(await this.bytes({ start, end: Math.min(end, start + most) }));
  }

  async bytes({ start, end }: Pick<Field, 'start' | 'end'>): Promise<Uint8Array> {
    const length = end - start;
    if (length > windowBytes) return this.#file.read(start, length);
    if (!this.#holds(start, length)) await this.#load(start);
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart);
  }

  #holds(at: number, length: number): boolean {
    return at >= this.#windowStart && at + length <= this.#windowStart + this.#window.length;
  }

  async #load(at: number): Promise<void> {
    this.#window = await this.#file.read(at, windowBytes);
    this.#windowStart = at;
  }

  #field(at: number, end: number): { readonly field: Field; readonly next: number } {
    const key = this.#varint(at, end);
    const [number, wireType] = [Math.floor(key.value / 8), key.value % 8];
    const none = { number, wireType, value: 0, start: key.next, end: key.next };
    if (wireType === 0) {
      const { value, next } = this.#varint(key.next, end);
      return { field: { ...none, value }, next };
    }
    const length = wireType === 2 ? this.#varint(key.next, end) : fixedLength(wireType, key.next);
    const contentEnd = length.next + length.value;
    if (contentEnd > end) throw new MalformedModel('a field is longer than what holds it.');
    return { field: { ...none, start: length.next, end: contentEnd }, next: contentEnd };
  }

  #varint(at: number, end: number): { readonly value: number; readonly next: number } {
    let value = 0;
    for (let scale = 1, position = at; ; scale *= 128, position++) {
      const byte = position < end ? this.#window[position - this.#windowStart] : undefined;
      if (byte === undefined || scale > 2 ** 63) throw new MalformedModel('a number runs over the end.');
      value += (byte & 127) * scale;
      if (byte < 128) return { value, next: position + 1 };
    }
  }
}

function fixedLength(wireType: number, next: number): { readonly value: number; readonly next: number } {
  if (wireType === 1) return { value: 8, next };
  if (wireType === 5) return { value: 4, next };
  throw new MalformedModel(`wire type ${wireType} is not used in models.`);
}
