import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scale } from '../../../recipes/data.ts';
import type { RowReader } from './columns.ts';

/** About so many numbers are read at once. */
const blockSize = 1 << 18;

/** Mean and standard deviation of each of `size` numbers over the rows that `counts` names. A deviation of 0 is given as 1. Lets signals in between. */
export async function scalesOf(
  read: RowReader,
  rows: number,
  size: number,
  counts: (row: number) => boolean,
): Promise<readonly Scale[]> {
  const means = new Float64Array(size);
  const squares = new Float64Array(size);
  let seen = 0;
  const step = Math.max(1, Math.floor(blockSize / size));
  const block = new Float64Array(step * size);
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    read(start, count, block, 0);
    for (let row = 0; row < count; row++) {
      if (!counts(start + row)) continue;
      seen++;
      addRow(block, row * size, means, squares, seen);
    }
    await nextTurn();
  }
  return Array.from(means, (mean, i) => {
    const deviation = Math.sqrt(squares[i]! / Math.max(1, seen));
    return { mean, deviation: deviation > 0 ? deviation : 1 };
  });
}

/** Welford, Technometrics 4(3), 1962: stays exact where the mean is large beside the deviation. */
function addRow(block: Float64Array, at: number, means: Float64Array, squares: Float64Array, seen: number): void {
  for (let i = 0; i < means.length; i++) {
    const difference = block[at + i]! - means[i]!;
    means[i]! += difference / seen;
    squares[i]! += difference * (block[at + i]! - means[i]!);
  }
}
