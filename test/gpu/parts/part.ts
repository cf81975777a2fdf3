import type { DeviceName } from '../../../src/domain/device.ts';
import type { GpuRow } from '../report.ts';

/** How a part is asked to work. */
export interface PartRequest {
  readonly device: DeviceName;
  /** Little of everything, on a machine without a GPU: shows that this program works. */
  readonly small: boolean;
  /** Whether PyTorch is timed too. */
  readonly torch: boolean;
  /** Of parts that are cut into pieces: which one. */
  readonly piece: string;
}

/** Gives what it finds, row by row, so that what was found before a crash is kept. */
export type Part = (request: PartRequest) => AsyncIterable<GpuRow>;

/** Largest difference of two arrays, relative to the largest entry of the second; where both are not numbers they agree. */
export function distance(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [worst, scale] = [0, 1e-12];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Number(actual[i]), Number(expected[i])];
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    const off = Math.abs(a - b);
    worst = Math.max(worst, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
    scale = Math.max(scale, Math.abs(b));
  }
  return worst / scale;
}

/** A row about something that threw. */
export function failed(name: string, error: unknown): GpuRow {
  const { message } = error as Error;
  return { name, ok: false, figures: {}, note: message.split('\n')[0]!.slice(0, 300) };
}
