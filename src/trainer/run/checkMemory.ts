import { AppError } from '../../base/errors.ts';
import type { DeviceName } from '../../domain/device.ts';
import { freeGpuMemory, freeHostMemory } from './freeMemory.ts';
import type { MemoryNeed } from './memoryNeed.ts';

/** What there is of each kind of memory; undefined where nobody tells. */
export interface FreeMemory {
  readonly host: number;
  readonly device: number | undefined;
}

/** Memory of this machine and of the device. */
export async function freeMemory(device: DeviceName): Promise<FreeMemory> {
  return { host: freeHostMemory(), device: device === 'cuda' ? await freeGpuMemory() : undefined };
}

/**
 * Refuses a run that cannot fit, with the largest batch that would. `needAt` gives the need at another batch size, of which a step takes `accumulate`. Gives the need in words for the log.
 * Throws AppError 'out-of-memory'.
 */
export function checkMemory(
  batchSize: number,
  need: MemoryNeed,
  free: FreeMemory,
  needAt: (batchSize: number) => MemoryNeed,
  accumulate = 1,
): string {
  if (fits(need, free, surely)) {
    const doubt = fits(need, free, 1) ? '' : ' That may not be enough.';
    return `Needs about ${describeNeed(need)}; ${describeFree(free)}.${doubt}`;
  }
  const largest = largestFitting(batchSize, (size) => fits(needAt(size), free, 1));
  const hint =
    largest === undefined
      ? 'No batch is small enough: make the network smaller, stop what else uses the memory, or train on another machine.'
      : `Set batchSize=${largest * accumulate}, which would fit, or stop what else uses the memory.`;
  throw new AppError('out-of-memory', `This run needs about ${describeNeed(need)}, and ${describeFree(free)}.`, {
    hint,
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

function fits(need: MemoryNeed, free: FreeMemory, share: number): boolean {
  return need.host * share <= free.host && need.device * share <= (free.device ?? Number.POSITIVE_INFINITY);
}

function describeNeed({ host, device }: MemoryNeed): string {
  const own = gigabytes(host);
  return device === 0 ? `${own} of memory` : `${gigabytes(device)} of the device's memory and ${own} of the machine's`;
}

function describeFree({ host, device }: FreeMemory): string {
  const onDevice = device === undefined ? '' : ` and ${gigabytes(device)} of the device's`;
  return `${gigabytes(host)}${onDevice} can be had`;
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
