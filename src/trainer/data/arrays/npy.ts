import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData, spaced } from '../files/badData.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { addWhole } from '../files/wholeHash.ts';
import type { Columns } from './columns.ts';
import { type ElementType, elements } from './elements.ts';

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly isLittle: boolean;
  /** Where the numbers begin. */
  readonly dataStart: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** Bytes that are enough for any header that NumPy writes: it fits 64 KB, with 12 bytes before it. */
export const longestNpyHeader = 65_547;

/** Reads a `.npy` file (NumPy enhancement proposal 1) as one tensor, called as the file. */
export async function readNpy(file: string, files: OpenFiles, hash: Hash): Promise<Columns> {
  const { size } = files.open(file);
  const header = parseNpyHeader(files.open(file).read(0, Math.min(size, longestNpyHeader)), file);
  checkNpySize(header, size, file, path.basename(file));
  await addWhole(file, files, hash);
  const { shape, type, isLittle, dataStart } = header;
  const column = {
    kind: 'stored',
    file,
    rows: shape[0] ?? 0,
    shape: shape.slice(1),
    offset: dataStart,
    type,
    isLittle,
  } as const;
  return new Map([[npyName(file), column]]);
}

/** What the one tensor of a `.npy` file is called. */
export function npyName(file: string): string {
  return path.basename(file).replace(/\.npy(\.gz)?$/i, '');
}

/** @param label how messages call it, where it is not the file itself */
export function parseNpyHeader(bytes: Uint8Array, file: string, label = path.basename(file)): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || !magic.equals(bytes.subarray(0, magic.length))) {
    throw badData(`${label} is no NumPy file: it does not begin with its signature.`, { file });
  }
  const isShort = bytes[6] === 1;
  const start = isShort ? 10 : 12;
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) {
    throw badData(`${label} is cut: its header needs ${spaced(start + length)} bytes, ${spaced(bytes.length)} found.`, {
      file,
    });
  }
  const text = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  return { ...parseDescription(text, file, label), dataStart: start + length };
}

/** Throws AppError 'bad-data' where the numbers do not fill what lies behind the header. */
export function checkNpySize({ shape, type, dataStart }: NpyHeader, size: number, file: string, label: string): void {
  const wanted = shape.reduce((product, each) => product * each, elements[type].bytes) + dataStart;
  if (size >= wanted) return;
  throw badData(`${label} is cut: ${spaced(wanted)} bytes expected, ${spaced(size)} found.`, { file });
}

/** The header is a Python dictionary with the keys descr, fortran_order and shape. */
function parseDescription(text: string, file: string, label: string): Omit<NpyHeader, 'dataStart'> {
  const descr = /'descr':\s*'([<>|=]?)([a-z])(\d+)'/.exec(text);
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(text);
  const [, order, kind, width] = descr ?? [];
  const type = descr === null ? undefined : numpyTypes[`${kind}${width}`];
  if (type === undefined || shape === null) {
    throw badData(`${label} holds no plain numbers: its header says ${text.trim()}.`, {
      file,
      hint: 'Save it from NumPy as float32, for instance: numpy.save(file, array.astype("float32")).',
    });
  }
  const sizes = (shape[1] ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [Number.parseInt(each, 10)]));
  if (/'fortran_order':\s*True/.test(text) && sizes.length > 1) {
    throw badData(`${label} is in Fortran's order, column after column.`, {
      file,
      hint: 'Save it from NumPy as numpy.ascontiguousarray(array).',
    });
  }
  return { shape: sizes, type, isLittle: order !== '>' };
}

const numpyTypes: Readonly<Record<string, ElementType>> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};
