import type { DeviceName } from './device.ts';

/** What a run will take at most, in bytes. */
export interface MemoryNeed {
  /** Memory of the process: beside another device, what the state and the data take on their way. */
  readonly host: number;
  /** Memory of the device that it trains on; 0 on the CPU. */
  readonly device: number;
}

/** What there is of each kind of memory, in bytes; `device` is absent where nobody tells. */
export interface FreeMemory {
  readonly host: number;
  readonly device?: number;
}

/** `doubtful`: an estimate is a fifth off at times, and so much would decide. */
export type MemoryVerdict = 'fits' | 'doubtful' | 'too-large';

/** What a run needs of memory beside what can be had, known before it starts. */
export interface MemoryEstimate {
  readonly device: DeviceName;
  readonly need: MemoryNeed;
  readonly free: FreeMemory;
  readonly verdict: MemoryVerdict;
  /** Whether the forward pass is computed twice, so that less of it is kept. */
  readonly recomputes: boolean;
  /** That this was ruled out, though it might save what is missing. */
  readonly refusesRecomputing?: true;
  /** The `batchSize` that was asked for. */
  readonly batchSize: number;
  /** The `batchSize` that would fit where this one does not surely; absent where it does, or where none would. */
  readonly fittingBatch?: number;
}

/** "Needs about 2.0 GB of memory; 4.0 GB can be had." */
export function describeEstimate({ need, free, verdict, recomputes }: MemoryEstimate): string {
  const doubt = { fits: '', doubtful: ' That may not be enough.', 'too-large': ' That is not enough.' }[verdict];
  const how = recomputes ? ', with the forward pass computed twice' : '';
  return `Needs about ${describeNeed(need)}${how}; ${describeFree(free)}.${doubt}`;
}

/** What to do about a run that may not fit; undefined where it does. */
export function memoryAdvice({ verdict, fittingBatch, refusesRecomputing }: MemoryEstimate): string | undefined {
  if (verdict === 'fits') return undefined;
  const less = refusesRecomputing === true ? ' recompute=auto would need less.' : '';
  const advice =
    fittingBatch === undefined
      ? 'No batch is small enough: make the network smaller, stop what else uses the memory, or train on another machine.'
      : `Set batchSize=${fittingBatch}, which would fit, or stop what else uses the memory.`;
  return advice + less;
}

export function describeNeed({ host, device }: MemoryNeed): string {
  const own = describeBytes(host);
  return device === 0
    ? `${own} of memory`
    : `${describeBytes(device)} of the device's memory and ${own} of the machine's`;
}

export function describeFree({ host, device }: FreeMemory): string {
  const onDevice = device === undefined ? '' : ` and ${describeBytes(device)} of the device's`;
  return `${describeBytes(host)}${onDevice} can be had`;
}

/** "512 MB", "1.4 GB" */
export function describeBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
