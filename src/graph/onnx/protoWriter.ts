/** Writes protobuf wire format (https://protobuf.dev/programming-guides/encoding/) into one growing buffer. */
export class ProtoWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A whole number of at most 53 bits as a field of type int32, int64 or enum. */
  int(field: number, value: number): void {
    this.#varint(field * 8);
    this.#signed(value);
  }

  /** A float field. */
  float(field: number, value: number): void {
    this.#varint(field * 8 + 5);
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  /** A double field. */
  double(field: number, value: number): void {
    this.#varint(field * 8 + 1);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A bytes field. */
  bytes(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + 2);
    this.#varint(value.byteLength);
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#length);
    this.#length += value.byteLength;
  }

  /** A string field, in UTF-8. */
  string(field: number, value: string): void {
    if (!isShortAscii(value)) {
      this.bytes(field, encodeUtf8(value));
      return;
    }
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) this.#bytes[this.#length++] = value.charCodeAt(i);
  }

  /** A nested message: written in place, then its length is put in front of it. */
  message(field: number, write: () => void): void {
    this.#varint(field * 8 + 2);
    const start = this.#length;
    write();
    const size = this.#length - start;
    const room = varintSize(size);
    this.#reserve(room);
    this.#bytes.copyWithin(start + room, start, this.#length);
    this.#length = start;
    this.#varint(size);
    this.#length = start + room + size;
  }

  /** A packed repeated field of whole numbers. */
  packedInts(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) this.#signed(value);
    });
  }

  /** A packed repeated field of floats. */
  packedFloats(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) {
        this.#reserve(4);
        this.#view.setFloat32(this.#length, value, true);
        this.#length += 4;
      }
    });
  }

  /** What was written so far, as a copy of just the right length. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #signed(value: number): void {
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    // Bitwise operators cut to 32 bits, so larger numbers are divided instead.
    while (rest > 0x7fffffff) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Negative numbers take ten bytes: their 64-bit two's complement. */
  #negative(value: number): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(this.#bytes.byteLength * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

function isShortAscii(text: string): boolean {
  if (text.length > 256) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** UTF-8 of a string; written out because this folder may not count on TextEncoder. Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}
