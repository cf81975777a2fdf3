/** The bytes are no pickle, or one that is larger than is read. It never leaves this folder. */
export class MalformedPickle extends Error {}

/** The pickle ends before its end mark: the bytes were cut. */
export class CutPickle extends MalformedPickle {
  constructor() {
    super('it ends before its end mark.');
  }
}

/** Reads the arguments of a pickle's operations, never beyond the bytes. */
export class PickleSource {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A length of 64 bits; one that no buffer could have is told as too large by `bytes` and `text`. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** Pickle's floats are big-endian. */
  double(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  text(length: number): string {
    return utf8.decode(this.bytes(length));
  }

  /** Two's complement, little-endian, of any length (pickle.decode_long). */
  long(length: number): number | bigint {
    if (length > longestNumber) throw new MalformedPickle(`it holds a number of ${length} bytes.`);
    const bytes = this.bytes(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]!);
    return narrow(length > 0 && bytes[length - 1]! > 127 ? value - (1n << BigInt(8 * length)) : value);
  }

  /** A line of the text protocol, without its end. */
  line(): string {
    return utf8.decode(this.#line());
  }

  /** A line of Python's raw-unicode-escape: bytes are characters, and what has no byte is written \uXXXX or \UXXXXXXXX. */
  escapedLine(): string {
    return latin1
      .decode(this.#line())
      .replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, short?: string, long?: string) =>
        character(short ?? long ?? ''),
      );
  }

  #line(): Uint8Array {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new CutPickle();
    const line = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #take(length: number): number {
    const from = this.#at;
    if (length < 0 || length > this.#bytes.length - from) throw new CutPickle();
    this.#at += length;
    return from;
  }
}

/** A number where it is exact, else a bigint. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const longestNumber = 1024;
const utf8 = new TextDecoder();
// Node's latin1 is windows-1252, which differs in 32 characters that no name of a checkpoint has.
const latin1 = new TextDecoder('latin1');

function character(digits: string): string {
  const code = Number.parseInt(digits, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
