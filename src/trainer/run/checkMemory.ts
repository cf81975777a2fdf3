import { AppError } from '../../base/errors.ts';
import type { DeviceName } from '../../domain/device.ts';
import {
  describeFree,
  describeNeed,
  type FreeMemory,
  type MemoryEstimate,
  type MemoryNeed,
  memoryAdvice,
} from '../../domain/memoryEstimate.ts';
import type { RecomputeChoice } from '../../recipes/commonFields.ts';
import { freeGpuMemory, freeHostMemory } from './freeMemory.ts';

/** Memory of this machine and of the device. */
export async function freeMemory(device: DeviceName): Promise<FreeMemory> {
  const onDevice = device === 'cuda' ? await freeGpuMemory() : undefined;
  return { host: freeHostMemory(), ...(onDevice === undefined ? {} : { device: onDevice }) };
}

/** What is known of a run when its memory is judged. */
export interface MemoryQuestion {
  readonly device: DeviceName;
  /** Examples that pass through the network at once. */
  readonly batchSize: number;
  /** How many of them make up a batch. */
  readonly accumulate: number;
  readonly need: MemoryNeed;
  readonly free: FreeMemory;
  /** What the configuration says of computing the forward pass twice, and whether it is done for this need. */
  readonly recompute: RecomputeChoice;
  readonly recomputes: boolean;
  /** The need at another number of examples at once. */
  readonly needAt: (batchSize: number) => MemoryNeed;
}

/** Whether a run fits, and if that is in doubt, the largest batch that would. */
export function judgeMemory(question: MemoryQuestion): MemoryEstimate {
  const { device, batchSize, accumulate, need, free, needAt, recompute, recomputes } = question;
  const verdict = fits(need, free, 1) ? 'fits' : fits(need, free, surely) ? 'doubtful' : 'too-large';
  const largest = verdict === 'fits' ? undefined : largestFitting(batchSize, (size) => fits(needAt(size), free, 1));
  return {
    device,
    need,
    free,
    verdict,
    recomputes,
    ...(recompute === 'off' ? { refusesRecomputing: true as const } : {}),
    batchSize: batchSize * accumulate,
    ...(largest === undefined ? {} : { fittingBatch: largest * accumulate }),
  };
}

/** Throws AppError 'out-of-memory' with the batch that would fit, where a run cannot. */
export function refuseTooLarge(estimate: MemoryEstimate): void {
  if (estimate.verdict !== 'too-large') return;
  const { need, free } = estimate;
  const hint = memoryAdvice(estimate);
  throw new AppError('out-of-memory', `This run needs about ${describeNeed(need)}, and ${describeFree(free)}.`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The largest number below `above` that fits: halved until one does, then filled up between. Undefined where not even 1 does. */
export function largestFitting(above: number, isFitting: (size: number) => boolean): number | undefined {
  let low = Math.floor(above / 2);
  while (low > 0 && !isFitting(low)) low = Math.floor(low / 2);
  if (low === 0) return undefined;
  let high = Math.min(above, 2 * low + 1);
  // A sixteenth more or less is within what an estimate knows.
  while (high - low > Math.max(1, low / 16)) {
    const middle = Math.floor((low + high) / 2);
    if (isFitting(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** An estimate is a fifth off at times, so only what would not fit even then is refused. */
const surely = 0.8;

/** Whether a share of what is needed can be had. */
export function fits(need: MemoryNeed, free: FreeMemory, share: number): boolean {
  return need.host * share <= free.host && need.device * share <= (free.device ?? Number.POSITIVE_INFINITY);
}
