import type { Hash } from 'node:crypto';
import type { OpenFiles } from '../files/openFiles.ts';
import { type ElementType, elements } from './elements.ts';

/** Numbers of one row each, with a shape: a column of a table, or a tensor whose first axis is over the examples. It can be handed to other threads. */
export type ColumnPlan = StoredColumn | MemoryColumn;

interface ColumnShape {
  readonly rows: number;
  /** Of one row; [] is a single number. */
  readonly shape: readonly number[];
}

/** Lies in a file, row after row. */
export interface StoredColumn extends ColumnShape {
  readonly kind: 'stored';
  readonly file: string;
  readonly offset: number;
  readonly type: ElementType;
  readonly isLittle: boolean;
}

/** Lies in memory, row after row. */
export interface MemoryColumn extends ColumnShape {
  readonly kind: 'memory';
  readonly values: Float64Array | Float32Array;
}

/** A column of text, which only a target may be. */
export interface TextColumn {
  readonly kind: 'text';
  readonly rows: number;
  readonly texts: readonly string[];
}

export type Column = ColumnPlan | TextColumn;

/** The columns or tensors of a file by name. A `.npy` file has one, whose name is that of the file. */
export type Columns = ReadonlyMap<string, Column>;

/** Reads what a file holds, and adds its bytes to the hash. Throws AppError 'bad-data' with file and place. */
export type ReadArrays = (file: string, files: OpenFiles, hash: Hash) => Promise<Columns>;

/** Writes `count` rows from `row` on to place `at`. */
export type RowReader = (row: number, count: number, out: Float32Array | Float64Array, at: number) => void;

export function rowSize({ shape }: ColumnShape): number {
  return shape.reduce((product, each) => product * each, 1);
}

export function rowReader(plan: ColumnPlan, files: OpenFiles): RowReader {
  return plan.kind === 'memory' ? memoryReader(plan) : storedReader(plan, files);
}

function memoryReader(plan: MemoryColumn): RowReader {
  const size = rowSize(plan);
  return (row, count, out, at) => out.set(plan.values.subarray(row * size, (row + count) * size), at);
}

function storedReader(plan: StoredColumn, files: OpenFiles): RowReader {
  const { file, offset, type, isLittle } = plan;
  const size = rowSize(plan);
  const { bytes: width, read } = elements[type];
  return (row, count, out, at) => {
    const length = count * size;
    const bytes = files.open(file).read(offset + row * size * width, length * width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < length; i++) out[at + i] = read(view, i * width, isLittle);
  };
}
