import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { AppError } from '../../base/errors.ts';

/** Bytes per element of the types that we write and read (https://github.com/huggingface/safetensors, "Format"). */
const elementSizes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;
export type TensorType = keyof typeof elementSizes;

/** A tensor of a file: row-major, little-endian. */
export interface NamedTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** No real header is larger; a greater length means that this is another kind of file. */
const maximumHeader = 100_000_000;
const wholePadding = 8;

/** A float32 tensor that shares the memory of an array. */
export function floatTensor(name: string, shape: readonly number[], values: Float32Array): NamedTensor {
  return { name, type: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** The float32 values of a tensor, copied. */
export function floatValues(tensor: NamedTensor): Float32Array {
  // Copied first: the bytes of a file begin anywhere, a Float32Array only at a multiple of four.
  return new Float32Array(new Uint8Array(tensor.bytes).buffer);
}

/** The pieces of a safetensors file in their order: length, header, then each tensor. Tensors are not copied. */
export function encodeTensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): readonly Uint8Array[] {
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, type, shape, bytes } of tensors) {
    entries[name] = { dtype: type, shape, data_offsets: [offset, offset + bytes.byteLength] };
    offset += bytes.byteLength;
  }
  const text = Buffer.from(JSON.stringify(entries));
  // Blanks fill the header up so that the data begin at a multiple of eight bytes, as the format's own writer does.
  const header = Buffer.concat([text, Buffer.alloc((wholePadding - (text.length % wholePadding)) % wholePadding, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return [length, header, ...tensors.map(({ bytes }) => bytes)];
}

/** Reads a whole file. Throws AppError 'bad-file' that says what is wrong with it. */
export function readTensors(file: string): TensorFile {
  const handle = openSync(file, 'r');
  try {
    const size = fstatSync(handle).size;
    const header = readHeader(handle, size, file);
    const data = readExactly(handle, header.dataStart, size - header.dataStart);
    const tensors = new Map<string, NamedTensor>();
    for (const [name, entry] of Object.entries(header.entries)) {
      if (name !== '__metadata__') tensors.set(name, toTensor(name, entry, data, file));
    }
    return { tensors, metadata: header.metadata };
  } finally {
    closeSync(handle);
  }
}

interface Header {
  readonly entries: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataStart: number;
}

function readHeader(handle: number, size: number, file: string): Header {
  if (size < 8) throw damaged(file, `it has ${size} bytes, which is no safetensors file.`);
  const length = Number(readExactly(handle, 0, 8).readBigUInt64LE());
  if (length > maximumHeader) throw damaged(file, 'it is no safetensors file.');
  if (8 + length > size) throw damaged(file, `it is cut: its header alone needs ${8 + length} bytes, ${size} found.`);
  const entries = parseObject(readExactly(handle, 8, length).toString('utf8'));
  if (entries === undefined) throw damaged(file, 'its header is not readable.');
  const metadata = (entries['__metadata__'] ?? {}) as Readonly<Record<string, string>>;
  return { entries, metadata, dataStart: 8 + length };
}

function toTensor(name: string, entry: unknown, data: Buffer, file: string): NamedTensor {
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  const known = typeof dtype === 'string' && dtype in elementSizes;
  if (!known || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw damaged(file, `the description of its tensor "${name}" is not understood.`);
  }
  const [start, end] = offsets as [number, number];
  const type = dtype as TensorType;
  const expected = shape.reduce((product, each) => product * each, elementSizes[type]);
  if (end - start !== expected) throw damaged(file, `its tensor "${name}" has ${end - start} bytes, not ${expected}.`);
  if (end > data.length) {
    throw damaged(file, `it is cut: its tensor "${name}" ends at byte ${end} of the data, ${data.length} found.`);
  }
  return { name, type, shape, bytes: data.subarray(start, end) };
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function readExactly(handle: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const count = readSync(handle, bytes, at, length - at, start + at);
    if (count === 0) break;
    at += count;
  }
  return bytes;
}

function damaged(file: string, problem: string): AppError {
  return new AppError('bad-file', `${file} cannot be used: ${problem}`, { hint: 'Choose another checkpoint.' });
}
