import type { TensorData } from '../../engine/session.ts';
import type { ExampleReader } from '../exampleReader.ts';
import { OpenFiles } from '../files/openFiles.ts';
import { type ColumnPlan, type RowReader, rowReader, rowSize } from './columns.ts';

/** All that rows of numbers are read from. */
export interface ArrayPlan {
  readonly kind: 'arrays';
  readonly examples: number;
  /** Columns in pieces, joined to one row of numbers. */
  readonly features: readonly (readonly ColumnPlan[])[];
  /** Empty where there are labels. */
  readonly targets: readonly (readonly ColumnPlan[])[];
  /** Class of each row; empty where there are none. */
  readonly labels: Int32Array;
  /** Row of each example; absent where all rows are examples in their order. */
  readonly rows?: Uint32Array;
}

/** Reads rows: `features` float32, and `labels` int64 or `targets` float32. */
export class ArrayReader implements ExampleReader {
  readonly #plan: ArrayPlan;
  readonly #files: OpenFiles;
  readonly #features: JoinedColumns;
  readonly #targets: JoinedColumns;

  constructor(plan: ArrayPlan, files: OpenFiles = new OpenFiles()) {
    this.#plan = plan;
    this.#files = files;
    this.#features = joinColumns(plan.features, files);
    this.#targets = joinColumns(plan.targets, files);
  }

  gather(indices: ArrayLike<number>): Record<string, TensorData> {
    const { examples, rows, labels } = this.#plan;
    const wanted = Array.from(indices, (index) => rows?.[index % examples] ?? index % examples);
    const features = readRows(this.#features, wanted);
    if (this.#targets.size > 0) return { features, targets: readRows(this.#targets, wanted) };
    return { features, labels: BigInt64Array.from(wanted, (row) => BigInt(labels[row]!)) };
  }

  dispose(): void {
    this.#files.dispose();
  }
}

/** Columns side by side: all numbers of a row. */
export interface JoinedColumns {
  readonly size: number;
  readonly read: RowReader;
}

export function joinColumns(columns: readonly (readonly ColumnPlan[])[], files: OpenFiles): JoinedColumns {
  const parts = columns.map((pieces) => ({ size: rowSize(pieces[0]!), read: piecesReader(pieces, files) }));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const read: RowReader = (row, count, out, at) => {
    for (let i = 0; i < count; i++) {
      let place = at + i * size;
      for (const part of parts) {
        part.read(row + i, 1, out, place);
        place += part.size;
      }
    }
  };
  return { size, read };
}

/** Reads over the borders of pieces. */
function piecesReader(pieces: readonly ColumnPlan[], files: OpenFiles): RowReader {
  const size = rowSize(pieces[0]!);
  const readers = pieces.map((piece) => ({ rows: piece.rows, read: rowReader(piece, files) }));
  return (row, count, out, at) => {
    let before = 0;
    for (const { rows, read } of readers) {
      const from = Math.max(row, before);
      const until = Math.min(row + count, before + rows);
      if (from < until) read(from - before, until - from, out, at + (from - row) * size);
      before += rows;
    }
  };
}

function readRows({ size, read }: JoinedColumns, rows: readonly number[]): Float32Array {
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    read(row, 1, values, i * size);
  });
  return values;
}
