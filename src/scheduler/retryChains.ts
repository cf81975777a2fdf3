import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';

/** Jobs that failed, and the retries that were launched for them. */
export class RetryChains {
  readonly #retries = new Map<JobId, JobId>();

  note(failed: JobId, retry: JobId): void {
    this.#retries.set(failed, retry);
  }

  /** The last retry of a job; the job itself where there is none. */
  last(id: JobId): JobId {
    let last = id;
    for (let next = this.#retries.get(last); next !== undefined; next = this.#retries.get(last)) last = next;
    return last;
  }

  /** The job, waiting for retries where it waited for jobs that were launched again; the very same where it does not. */
  following<J extends Pick<Job, 'after'>>(job: J): J {
    if (job.after?.some((id) => this.#retries.has(id)) !== true) return job;
    return { ...job, after: job.after.map((id) => this.last(id)) };
  }
}
