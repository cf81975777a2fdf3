import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData, spaced } from '../files/badData.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { addWhole } from '../files/wholeHash.ts';
import type { Column, Columns } from './columns.ts';
import { type ElementType, elements } from './elements.ts';

const longestHeader = 100_000_000;

const types: Readonly<Record<string, ElementType>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  F16: 'float16',
  BF16: 'bfloat16',
  U32: 'uint32',
  I32: 'int32',
  F32: 'float32',
  U64: 'uint64',
  I64: 'int64',
  F64: 'float64',
};

/** Reads the tensors of a safetensors file from where they lie. Format: github.com/huggingface/safetensors, README, "Format". */
export async function readSafetensors(file: string, files: OpenFiles, hash: Hash): Promise<Columns> {
  const { size } = files.open(file);
  const label = path.basename(file);
  if (size < 8) throw badData(`${label} is no safetensors file: it has ${size} bytes.`, { file });
  const length = Number(Buffer.from(files.open(file).read(0, 8)).readBigUInt64LE());
  if (length > longestHeader) throw badData(`${label} is no safetensors file.`, { file });
  const dataStart = 8 + length;
  if (dataStart > size) {
    throw badData(`${label} is cut: its header needs ${spaced(dataStart)} bytes, ${spaced(size)} found.`, { file });
  }
  const header = parseHeader(files.open(file).read(8, length));
  if (header === undefined) throw badData(`${label} has a header that is not readable.`, { file });
  await addWhole(file, files, hash);
  const columns = new Map<string, Column>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') columns.set(name, toColumn(name, entry, { file, dataStart, size }));
  }
  return columns;
}

interface Place {
  readonly file: string;
  readonly dataStart: number;
  readonly size: number;
}

function toColumn(name: string, entry: unknown, { file, dataStart, size }: Place): Column {
  const label = `The tensor "${name}" in ${path.basename(file)}`;
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const type = typeof dtype === 'string' ? types[dtype] : undefined;
  if (type === undefined || !isCounts(shape) || !isCounts(offsets)) {
    throw badData(`${label} has a description that is not understood: ${JSON.stringify(entry)}.`, { file });
  }
  const [start = 0, end = 0] = offsets;
  const wanted = shape.reduce((product, each) => product * each, elements[type].bytes);
  if (end - start !== wanted)
    throw badData(`${label} has ${spaced(end - start)} bytes, not ${spaced(wanted)}.`, { file });
  if (dataStart + end > size) {
    throw badData(`${label} is cut: it ends at byte ${spaced(dataStart + end)}, ${spaced(size)} found.`, { file });
  }
  const place = { kind: 'stored', file, offset: dataStart + start, type, isLittle: true } as const;
  return { ...place, rows: shape[0] ?? 0, shape: shape.slice(1) };
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return header !== null && typeof header === 'object' ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
