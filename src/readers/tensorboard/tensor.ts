import { type Range, type WireReader, wireTypes } from './wire.ts';

/** The parts of a TensorProto (tensorflow/core/framework/tensor.proto) that a log needs. */
export interface Tensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  /** The first element of a numeric tensor; undefined for strings and types without numbers. A tensor that stores no element holds zeros. */
  readonly first: number | undefined;
  /** Places of the strings of a string tensor. */
  readonly strings: readonly Range[];
}

export const stringType = 7;

/** A numeric element type: how its elements lie in tensor_content, and which repeated field holds them otherwise. */
export interface NumericType {
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
  readonly field: number;
  /** Turns what the repeated field holds into the value: halves are kept there as the integer of their bits. */
  readonly fromField?: (stored: number) => number;
}

/** DataType of tensorflow/core/framework/types.proto. */
export const numericTypes: { readonly [dtype: number]: NumericType } = {
  1: { size: 4, read: (view, at) => view.getFloat32(at, true), field: 5 },
  2: { size: 8, read: (view, at) => view.getFloat64(at, true), field: 6 },
  3: { size: 4, read: (view, at) => view.getInt32(at, true), field: 7 },
  4: { size: 1, read: (view, at) => view.getUint8(at), field: 7 },
  5: { size: 2, read: (view, at) => view.getInt16(at, true), field: 7 },
  6: { size: 1, read: (view, at) => view.getInt8(at), field: 7 },
  9: { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)), field: 10 },
  10: { size: 1, read: (view, at) => view.getUint8(at), field: 11 },
  14: { size: 2, read: (view, at) => fromBfloat16(view.getUint16(at, true)), field: 13, fromField: fromBfloat16 },
  17: { size: 2, read: (view, at) => view.getUint16(at, true), field: 7 },
  19: { size: 2, read: (view, at) => fromHalf(view.getUint16(at, true)), field: 13, fromField: fromHalf },
  22: { size: 4, read: (view, at) => view.getUint32(at, true), field: 16 },
  23: { size: 8, read: (view, at) => Number(view.getBigUint64(at, true)), field: 17 },
};

/** The repeated fields of numbers, and how one element of each is encoded. */
export const numericFields: { readonly [field: number]: (reader: WireReader) => number } = {
  5: (reader) => reader.float(),
  6: (reader) => reader.double(),
  7: (reader) => reader.signedVarint(),
  10: (reader) => reader.signedVarint(),
  11: (reader) => reader.varint(),
  13: (reader) => reader.varint(),
  16: (reader) => reader.varint(),
  17: (reader) => reader.varint(),
};

/** Reads a TensorProto. Throws MalformedMessage. */
export function readTensor(reader: WireReader): Tensor {
  let dtype = 0;
  let shape: readonly number[] = [];
  let content: Range | undefined;
  const firstOf = new Map<number, number>();
  const strings: Range[] = [];
  while (reader.more) {
    const key = reader.key();
    const field = Math.floor(key / 8);
    if (key === 0x08) dtype = reader.varint();
    else if (key === 0x12) shape = readShape(reader.inside(reader.range()));
    else if (key === 0x22) content = reader.range();
    else if (key === 0x42) strings.push(reader.range());
    else if (numericFields[field] !== undefined) readFirst(reader, key, field, firstOf);
    else reader.skip(key);
  }
  return { dtype, shape, first: firstElement(reader, dtype, content, firstOf), strings };
}

/** How many elements a shape has. Unknown sizes (-1) count as one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * Math.max(size, 0), 1);
}

/** TensorShapeProto: field 2 is a dimension, whose field 1 is its size. */
export function readShape(reader: WireReader): readonly number[] {
  const sizes: number[] = [];
  while (reader.more) {
    const key = reader.key();
    if (key !== 0x12) {
      reader.skip(key);
      continue;
    }
    const dimension = reader.inside(reader.range());
    let size = 0;
    while (dimension.more) {
      const inner = dimension.key();
      if (inner === 0x08) size = dimension.signedVarint();
      else dimension.skip(inner);
    }
    sizes.push(size);
  }
  return sizes;
}

/** Keeps the first element of a repeated field, packed or not. */
function readFirst(reader: WireReader, key: number, field: number, firstOf: Map<number, number>): void {
  const readElement = numericFields[field]!;
  if ((key & 7) !== wireTypes.bytes) {
    const value = readElement(reader);
    if (!firstOf.has(field)) firstOf.set(field, value);
    return;
  }
  const packed = reader.inside(reader.range());
  if (packed.more && !firstOf.has(field)) firstOf.set(field, readElement(packed));
}

function firstElement(
  reader: WireReader,
  dtype: number,
  content: Range | undefined,
  firstOf: ReadonlyMap<number, number>,
): number | undefined {
  const type = numericTypes[dtype];
  if (type === undefined) return undefined;
  if (content !== undefined && content.end - content.start >= type.size) return type.read(reader.view, content.start);
  const stored = firstOf.get(type.field) ?? 0;
  return type.fromField === undefined ? stored : type.fromField(stored);
}

/** The float32 whose upper half these bits are. */
function fromBfloat16(bits: number): number {
  scratch.setUint32(0, (bits & 0xffff) << 16);
  return scratch.getFloat32(0);
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));
