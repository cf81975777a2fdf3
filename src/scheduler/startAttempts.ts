import type { JobId } from '../domain/ids.ts';

/** A start that nobody has claimed by then is made again; only one of them can ever take the job. */
const claimPatienceSeconds = 15;
export const maxStarts = 3;

/** How often each job was started without anybody taking it. */
export class StartAttempts {
  readonly #starts = new Map<JobId, { readonly count: number; readonly at: number }>();

  note(id: JobId, now: number): void {
    this.#starts.set(id, { count: (this.#starts.get(id)?.count ?? 0) + 1, at: now });
  }

  /** Somebody has the job, or nobody shall. */
  forget(id: JobId): void {
    this.#starts.delete(id);
  }

  /** What is to be done with a job that nobody has taken yet. */
  next(id: JobId, now: number): 'wait' | 'start' | 'give-up' {
    const starts = this.#starts.get(id);
    if (starts === undefined) return 'start';
    if (now - starts.at < claimPatienceSeconds) return 'wait';
    return starts.count < maxStarts ? 'start' : 'give-up';
  }
}
