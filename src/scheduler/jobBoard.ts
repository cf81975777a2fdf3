import { AppError } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { inOrder, isStarted, type Queue, type QueueProblem } from './queue.ts';

/** Where the queue lies between starts of the worker. */
export interface QueueStore {
  load(): readonly StoredJob[];
  /** Writes the rows that differ, in one transaction, before it returns. */
  save(jobs: readonly StoredJob[]): void;
}

/** A job and the place of its run. */
export interface StoredJob {
  readonly job: Job;
  readonly directory: string;
}

/**
 * The queue in memory and on disk. Changes are collected and written together, since each write waits for the disk; what cannot be written is taken
 * back whole, so that memory never knows more than the disk.
 */
export class JobBoard {
  readonly #store: QueueStore;
  readonly #directories = new Map<JobId, string>();
  readonly #byId = new Map<JobId, Job>();
  /** Where each job stands in the queue. */
  readonly #places = new Map<JobId, number>();
  #queue: Queue = [];
  /** The queue as the disk has it. */
  #written: Queue = [];
  /** Rows that stand at the places of their earlier selves and have not been put into the queue yet. */
  readonly #placed = new Map<JobId, Job>();
  readonly #unwritten = new Set<JobId>();
  readonly #started = new Map<JobId, Job>();

  constructor(store: QueueStore) {
    this.#store = store;
    const stored = store.load();
    for (const { job, directory } of stored) this.#directories.set(job.id, directory);
    this.#arrange(inOrder(stored.map(({ job }) => job)));
    this.#written = this.#queue;
  }

  /** In the order in which jobs start. The same array until something changes. */
  get queue(): Queue {
    if (this.#placed.size > 0) {
      const queue = [...this.#queue];
      for (const job of this.#placed.values()) queue[this.#places.get(job.id)!] = job;
      this.#placed.clear();
      this.#queue = queue;
    }
    return this.#queue;
  }

  /** Jobs that have, or may have, a process. */
  get started(): readonly Job[] {
    return [...this.#started.values()];
  }

  find(id: JobId): Job | undefined {
    return this.#byId.get(id);
  }

  /** Throws `not-found`. */
  get(id: JobId): Job {
    const job = this.#byId.get(id);
    if (job === undefined) throw new AppError('not-found', `There is no job ${id} in the queue.`);
    return job;
  }

  directoryOf(id: JobId): string {
    return this.#directories.get(id) ?? '';
  }

  /** Notes where the run of a job that is about to be added lies. */
  place(id: JobId, directory: string): void {
    this.#directories.set(id, directory);
  }

  /** Replaces one row; its order and priority are as they were. */
  put(job: Job): void {
    this.#replace(job);
    this.#unwritten.add(job.id);
  }

  /** The same for what a transition made of some rows. Throws what it refused. */
  apply(rows: Result<Queue, QueueProblem>): void {
    for (const job of unwrapped(rows)) this.put(job);
  }

  /** Replaces the whole queue by what a transition made of it. Throws what it refused. */
  setTo(next: Result<Queue, QueueProblem>): void {
    this.set(unwrapped(next));
  }

  /** Replaces the whole queue, in any order. */
  set(next: Queue): void {
    if (next === this.queue) return;
    for (const job of next) if (this.#byId.get(job.id) !== job) this.#unwritten.add(job.id);
    this.#arrange(inOrder(next));
  }

  /** Replaces rows by others that the disk need not know of: reasons follow from the rest. */
  retell(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    const isWritten = this.queue === this.#written;
    for (const job of jobs) this.#replace(job);
    if (isWritten) this.#written = this.queue;
  }

  /** Writes what has changed, in one transaction; false where nothing had. A write that fails takes the changes back and throws. */
  commit(): boolean {
    if (this.#unwritten.size === 0) return false;
    const rows = [...this.#unwritten].map((id) => ({ job: this.#byId.get(id)!, directory: this.directoryOf(id) }));
    this.#unwritten.clear();
    try {
      this.#store.save(rows);
    } catch (error) {
      this.#arrange(this.#written);
      throw error;
    }
    this.#written = this.queue;
    return true;
  }

  #replace(job: Job): void {
    this.#know(job);
    this.#placed.set(job.id, job);
  }

  #know(job: Job): void {
    this.#byId.set(job.id, job);
    if (isStarted(job)) this.#started.set(job.id, job);
    else this.#started.delete(job.id);
  }

  #arrange(queue: Queue): void {
    this.#queue = queue;
    this.#placed.clear();
    this.#byId.clear();
    this.#places.clear();
    this.#started.clear();
    for (const [place, job] of queue.entries()) {
      this.#know(job);
      this.#places.set(job.id, place);
    }
  }
}

function unwrapped(result: Result<Queue, QueueProblem>): Queue {
  if (result.ok) return result.value;
  throw new AppError(result.reason, result.message, {
    hint: 'Look at the queue again; it may have changed meanwhile.',
  });
}
