import type { Job } from '../domain/job.ts';
import type { TargetKind } from '../domain/target.ts';
import type { GpuFacts } from './gpuFacts.ts';

/** A job may start, with these GPUs; or it waits, and says why. */
export type Admission =
  | { readonly admitted: true; readonly assigned?: readonly string[] }
  | { readonly admitted: false; readonly reason: () => string };

interface Holder {
  readonly job: Job;
  readonly isStarted: boolean;
}

/** Slots of this name are never full. */
const openSlot = 'any';
/** A GPU counts as free when at least so much of its memory is: somebody else's program may be on it. */
const minFreeFraction = 0.5;

/** What is left of slots, GPUs and groups while one walks through the queue in order. */
export class Room {
  /** By target, then by slot: slots of different targets never meet. */
  readonly #slots = new Map<TargetKind, Map<string, Holder>>();
  readonly #groups = new Map<string, number>();
  readonly #gpuHolders = new Map<string, Holder>();
  readonly #gpus: readonly GpuFacts[] | undefined;
  /** The first job that waits for GPUs: those behind it do not overtake it, else a job that needs many would never get them. */
  #firstForGpus: Job | undefined;

  /** `gpus` is undefined where nobody has looked yet. */
  constructor(started: Iterable<Job>, gpus: readonly GpuFacts[] | undefined) {
    this.#gpus = gpus;
    for (const job of started) this.#occupy(job, job.assigned, true);
  }

  /** Lets the next job of the order in, where there is room for it, and keeps its place; `startsNow` tells those behind it that it runs. */
  admit(job: Job, startsNow = false): Admission {
    if (this.#isGroupFull(job)) return waits(() => `${job.groupLimit} of its group may run at once`);
    return needsGpus(job) ? this.#admitToGpus(job, job.gpus, startsNow) : this.#admitToSlot(job, startsNow);
  }

  #admitToSlot(job: Job, startsNow: boolean): Admission {
    const holder = this.#slots.get(job.target)?.get(job.slot) ?? this.#gpuHolders.get(gpuOfSlot(job) ?? '');
    if (holder !== undefined) {
      const busy = holder.isStarted ? `${job.slot} is busy with` : 'waits behind';
      return waits(() => `${busy} ${holder.job.runName}`);
    }
    this.#occupy(job, undefined, startsNow);
    return { admitted: true, ...(job.gpus === 0 ? { assigned: [] } : {}) };
  }

  #admitToGpus(job: Job, count: number, startsNow: boolean): Admission {
    const gpus = this.#gpus;
    if (gpus === undefined) return waits(() => 'the GPUs of this machine are being looked at');
    if (gpus.length < count) return waits(() => tooFew(count, gpus.length));
    const first = this.#firstForGpus;
    if (first !== undefined) return waits(() => `waits behind ${first.runName}`);
    const states = gpus.map((gpu) => ({ gpu, obstacle: this.#gpuObstacle(gpu) }));
    const free = states.filter(({ obstacle }) => obstacle === undefined).map(({ gpu }) => gpu.id);
    if (free.length >= count) {
      const assigned = free.slice(0, count);
      this.#occupy(job, assigned, startsNow);
      return { admitted: true, assigned };
    }
    this.#firstForGpus = job;
    const obstacles = states.flatMap(({ obstacle }) => (obstacle === undefined ? [] : [obstacle]));
    const are = `${free.length} of ${states.length} ${free.length === 1 ? 'is' : 'are'} free`;
    return waits(() => `${needed(count)}, ${are}; ${obstacles.join(', ')}`);
  }

  #gpuObstacle({ id, totalMiB, usedMiB }: GpuFacts): string | undefined {
    const holder = this.#gpuHolders.get(id);
    if (holder !== undefined)
      return holder.isStarted ? `${id} is busy with ${holder.job.runName}` : `${id} goes to ${holder.job.runName}`;
    if (totalMiB === undefined || usedMiB === undefined) return undefined;
    const freeMiB = totalMiB - usedMiB;
    if (freeMiB >= totalMiB * minFreeFraction) return undefined;
    return `${id} has only ${gibibytes(freeMiB)} of ${gibibytes(totalMiB)} GiB free`;
  }

  #isGroupFull({ group, groupLimit }: Job): boolean {
    return group !== undefined && groupLimit !== undefined && (this.#groups.get(group) ?? 0) >= groupLimit;
  }

  #slotsOf(target: TargetKind): Map<string, Holder> {
    const known = this.#slots.get(target) ?? new Map<string, Holder>();
    this.#slots.set(target, known);
    return known;
  }

  #occupy(job: Job, assigned: readonly string[] | undefined, isStarted: boolean): void {
    const holder = { job, isStarted };
    if (job.group !== undefined) this.#groups.set(job.group, (this.#groups.get(job.group) ?? 0) + 1);
    for (const id of assigned ?? []) this.#gpuHolders.set(id, holder);
    if (needsGpus(job)) return;
    if (job.slot !== openSlot) this.#slotsOf(job.target).set(job.slot, holder);
    const gpu = gpuOfSlot(job);
    if (gpu !== undefined) this.#gpuHolders.set(gpu, holder);
  }
}

function needsGpus(job: Job): job is Job & { readonly gpus: number } {
  return job.target === 'local' && (job.gpus ?? 0) > 0;
}

/** "cuda:1" is the GPU "1" for those who ask for it by number. */
function gpuOfSlot(job: Job): string | undefined {
  return job.target === 'local' && job.slot.startsWith('cuda:') ? job.slot.slice('cuda:'.length) : undefined;
}

/** Words are made only for those who show them: thousands may wait. */
function waits(reason: () => string): Admission {
  return { admitted: false, reason };
}

function tooFew(count: number, there: number): string {
  return `${needed(count)}, and ${there === 0 ? 'none was found on this machine' : `this machine has ${there}`}`;
}

function needed(count: number): string {
  return count === 1 ? '1 GPU is needed' : `${count} GPUs are needed`;
}

function gibibytes(mebibytes: number): string {
  const value = mebibytes / 1024;
  return value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0);
}
