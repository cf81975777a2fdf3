import { AppError } from '../../base/errors.ts';

/** A field of a message as it stands on the wire. */
export interface ProtoField {
  readonly field: number;
  /** Of varint and fixed-width fields; 0 for length-delimited ones. */
  readonly number: number;
  /** Of length-delimited and fixed-width fields. */
  readonly bytes: Uint8Array;
}

const nothing = new Uint8Array(0);

/** The fields of a message in the order of the file. Throws `bad-file` where the bytes end early or are not protobuf. */
export function* readFields(bytes: Uint8Array): Generator<ProtoField> {
  const reader = new ProtoReader(bytes);
  while (!reader.atEnd) yield reader.field();
}

/** The whole numbers of a repeated field, packed or not. */
export function readInts(field: ProtoField): readonly number[] {
  if (field.bytes === nothing) return [field.number];
  const reader = new ProtoReader(field.bytes);
  const values: number[] = [];
  while (!reader.atEnd) values.push(reader.varint());
  return values;
}

/** UTF-8 as a string. Malformed parts become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const [point, width] = codePointAt(bytes, i);
    text += String.fromCodePoint(point);
    i += width;
  }
  return text;
}

class ProtoReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  field(): ProtoField {
    const tag = this.varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (field === 0) throw broken('field number 0');
    if (wireType === 0) return { field, number: this.varint(), bytes: nothing };
    if (wireType === 2) return { field, number: 0, bytes: this.#take(this.varint()) };
    if (wireType === 5) return { field, number: 0, bytes: this.#take(4) };
    if (wireType === 1) return { field, number: 0, bytes: this.#take(8) };
    throw broken(`wire type ${wireType}`);
  }

  /** Up to 64 bits, as a signed number; exact up to 53 bits. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw broken('an early end');
      // The tenth byte is only there for negative numbers, whose bits do not fit a double.
      if (i === 9) return this.#negative();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw broken('a number of more than ten bytes');
  }

  #negative(): number {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      value |= BigInt(this.#bytes[this.#position - 10 + i]! & 127) << BigInt(7 * i);
    }
    return Number(BigInt.asIntN(64, value));
  }

  #take(count: number): Uint8Array {
    const end = this.#position + count;
    if (count < 0 || end > this.#bytes.length) throw broken('an early end');
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}

function broken(what: string): AppError {
  return new AppError('bad-file', `This is not a whole ONNX model: found ${what}.`, {
    hint: 'Check that the file was copied completely.',
  });
}

function codePointAt(bytes: Uint8Array, i: number): readonly [number, number] {
  const lead = bytes[i]!;
  if (lead < 0x80) return [lead, 1];
  const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  let point = lead & (0xff >> (width + 1));
  for (let k = 1; k < width; k++) {
    const next = bytes[i + k];
    if (next === undefined || (next & 0xc0) !== 0x80) return [0xfffd, 1];
    point = (point << 6) | (next & 63);
  }
  return lead < 0xc2 || lead > 0xf4 || point > 0x10ffff ? [0xfffd, 1] : [point, width];
}
