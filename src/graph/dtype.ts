import { AppError } from '../base/errors.ts';

/** Element types with their TensorProto.DataType code (onnx.proto3) and their width in bytes. */
export const dtypes = {
  float32: { code: 1, bytes: 4, floating: true },
  uint8: { code: 2, bytes: 1, floating: false },
  int32: { code: 6, bytes: 4, floating: false },
  int64: { code: 7, bytes: 8, floating: false },
  bool: { code: 9, bytes: 1, floating: false },
  float16: { code: 10, bytes: 2, floating: true },
  float64: { code: 11, bytes: 8, floating: true },
  bfloat16: { code: 16, bytes: 2, floating: true },
} as const;

/** Element type of a tensor. */
export type DType = keyof typeof dtypes;

/** True for types that have derivatives. */
export function isFloating(dtype: DType): boolean {
  return dtypes[dtype].floating;
}

/** The type with a TensorProto.DataType code, or undefined for one that Trainyard does not use. */
export function dtypeOfCode(code: number): DType | undefined {
  return (Object.keys(dtypes) as DType[]).find((name) => dtypes[name].code === code);
}

/** Numbers as little-endian bytes of a type, the layout of TensorProto.raw_data. float16 and bfloat16 round to nearest even. */
export function packNumbers(values: ArrayLike<number>, dtype: DType): Uint8Array {
  return bytesOf(packers[dtype](values));
}

const packers: { readonly [D in DType]: (values: ArrayLike<number>) => ArrayBufferView } = {
  // A typed array is copied as a whole; large weights of imported models pass here at every build of their graph.
  float32: (values) => (values instanceof Float32Array ? values.slice() : Float32Array.from(values)),
  float64: (values) => Float64Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values, (value) => (value ? 1 : 0)),
  int32: (values) => Int32Array.from(values),
  int64: (values) => {
    const packed = new BigInt64Array(values.length);
    for (let i = 0; i < values.length; i++) packed[i] = BigInt(values[i]!);
    return packed;
  },
  float16: (values) => Uint16Array.from(values, float16Bits),
  bfloat16: (values) => Uint16Array.from(values, bfloat16Bits),
};

/** The numbers in little-endian bytes of a type, as plain numbers. int64 beyond 2^53 is refused rather than rounded. */
export function unpackNumbers(bytes: Uint8Array, dtype: DType): Float64Array {
  const width = dtypes[dtype].bytes;
  const count = Math.floor(bytes.byteLength / width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[dtype];
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, i * width);
  return values;
}

const readers: { readonly [D in DType]: (view: DataView, offset: number) => number } = {
  float32: (view, offset) => view.getFloat32(offset, true),
  float64: (view, offset) => view.getFloat64(offset, true),
  uint8: (view, offset) => view.getUint8(offset),
  bool: (view, offset) => view.getUint8(offset),
  int32: (view, offset) => view.getInt32(offset, true),
  int64: (view, offset) => {
    const value = Number(view.getBigInt64(offset, true));
    if (!Number.isSafeInteger(value)) throw new AppError('bad-file', `The integer ${value} is too large to be read.`);
    return value;
  },
  float16: (view, offset) => float16Value(view.getUint16(offset, true)),
  bfloat16: (view, offset) => bfloat16Value(view.getUint16(offset, true)),
};

const floatCell = new Float32Array(1);
const wordCell = new Uint32Array(floatCell.buffer);

/** IEEE 754 binary16 bits of a number, rounded to nearest even (through binary32). */
export function float16Bits(value: number): number {
  floatCell[0] = value;
  const word = wordCell[0]!;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const half = exponent - 112;
  if (half >= 31) return sign | 0x7c00;
  if (half >= 1) return sign | roundedShift((half << 23) | fraction, 13);
  return half < -10 ? sign : sign | roundedShift(fraction | 0x800000, 14 - half);
}

/** bfloat16 bits of a number, rounded to nearest even (through binary32). */
export function bfloat16Bits(value: number): number {
  floatCell[0] = value;
  const word = wordCell[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that binary16 bits stand for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The number that bfloat16 bits stand for. */
export function bfloat16Value(bits: number): number {
  wordCell[0] = bits << 16;
  return floatCell[0]!;
}

/** Shifts right by `places` and rounds what falls off to nearest, ties to even. A carry runs into the exponent, as it must. */
function roundedShift(value: number, places: number): number {
  const kept = value >>> places;
  const rest = value & ((1 << places) - 1);
  const half = 1 << (places - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
