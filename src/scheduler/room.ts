import type { Job } from '../domain/job.ts';
import type { GpuFacts } from './gpuFacts.ts';

/** A job may start, with these GPUs; or it waits, and says why. */
export type Admission =
  | { readonly admitted: true; readonly assigned?: readonly string[] }
  | { readonly admitted: false; readonly reason: string };

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
  readonly #slots = new Map<string, Holder>();
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

  /** Lets the next job of the order in, where there is room for it, and keeps its place. */
  admit(job: Job): Admission {
    const full = this.#groupObstacle(job);
    if (full !== undefined) return { admitted: false, reason: full };
    return needsGpus(job) ? this.#admitToGpus(job, job.gpus) : this.#admitToSlot(job);
  }

  #admitToSlot(job: Job): Admission {
    const holder = this.#slots.get(slotKey(job)) ?? this.#gpuHolders.get(gpuOfSlot(job) ?? '');
    if (holder !== undefined) {
      const busy = holder.isStarted ? `${job.slot} is busy with` : 'waits behind';
      return { admitted: false, reason: `${busy} ${holder.job.runName}` };
    }
    this.#occupy(job, undefined, false);
    return { admitted: true, ...(job.gpus === 0 ? { assigned: [] } : {}) };
  }

  #admitToGpus(job: Job, count: number): Admission {
    if (this.#gpus === undefined) return { admitted: false, reason: 'the GPUs of this machine are being looked at' };
    if (this.#gpus.length < count) {
      const there =
        this.#gpus.length === 0 ? 'none was found on this machine' : `this machine has ${this.#gpus.length}`;
      return { admitted: false, reason: `${needed(count)}, and ${there}` };
    }
    if (this.#firstForGpus !== undefined)
      return { admitted: false, reason: `waits behind ${this.#firstForGpus.runName}` };
    const states = this.#gpus.map((gpu) => ({ gpu, obstacle: this.#gpuObstacle(gpu) }));
    const free = states.filter(({ obstacle }) => obstacle === undefined).map(({ gpu }) => gpu.id);
    if (free.length >= count) {
      const assigned = free.slice(0, count);
      this.#occupy(job, assigned, false);
      return { admitted: true, assigned };
    }
    this.#firstForGpus = job;
    const obstacles = states.flatMap(({ obstacle }) => (obstacle === undefined ? [] : [obstacle]));
    return {
      admitted: false,
      reason: `${needed(count)}, ${free.length} of ${states.length} ${free.length === 1 ? 'is' : 'are'} free; ${obstacles.join(', ')}`,
    };
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

  #groupObstacle({ group, groupLimit }: Job): string | undefined {
    if (group === undefined || groupLimit === undefined) return undefined;
    if ((this.#groups.get(group) ?? 0) < groupLimit) return undefined;
    return `${groupLimit} of its group may run at once`;
  }

  #occupy(job: Job, assigned: readonly string[] | undefined, isStarted: boolean): void {
    const holder = { job, isStarted };
    if (job.group !== undefined) this.#groups.set(job.group, (this.#groups.get(job.group) ?? 0) + 1);
    for (const id of assigned ?? []) this.#gpuHolders.set(id, holder);
    if (needsGpus(job)) return;
    if (job.slot !== openSlot) this.#slots.set(slotKey(job), holder);
    const gpu = gpuOfSlot(job);
    if (gpu !== undefined) this.#gpuHolders.set(gpu, holder);
  }
}

function needsGpus(job: Job): job is Job & { readonly gpus: number } {
  return job.target === 'local' && (job.gpus ?? 0) > 0;
}

/** Slots of different targets never meet. */
function slotKey(job: Job): string {
  return `${job.target}/${job.slot}`;
}

/** "cuda:1" is the GPU "1" for those who ask for it by number. */
function gpuOfSlot(job: Job): string | undefined {
  return job.target === 'local' && job.slot.startsWith('cuda:') ? job.slot.slice('cuda:'.length) : undefined;
}

function needed(count: number): string {
  return count === 1 ? '1 GPU is needed' : `${count} GPUs are needed`;
}

function gibibytes(mebibytes: number): string {
  const value = mebibytes / 1024;
  return value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0);
}
