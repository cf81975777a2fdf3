import type { Failure } from '../domain/failure.ts';
import type { JobId, RunId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';
import type { TargetKind } from '../domain/target.ts';
import type { Database } from './database.ts';
import { jsonOf, numberOf, optional, type Row, textOf } from './rows.ts';

/** Ended jobs stay in the list for a day. */
const shownAfterEndSeconds = 24 * 3600;

export interface JobRow {
  readonly job: Job;
  readonly directory: string;
}

/** The queue on disk. */
export class JobTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Jobs that may still change, those that ended lately, and those that somebody still waits for. */
  load(): readonly JobRow[] {
    const since = Date.now() / 1000 - shownAfterEndSeconds;
    return this.#database
      .get(
        `SELECT * FROM jobs WHERE state NOT IN ('done', 'cancelled') OR ended_at > ? OR id IN (
           SELECT waited.value FROM jobs AS waiting, json_each(waiting.after_jobs) AS waited WHERE waiting.state IN ('waiting', 'held')
         ) ORDER BY position`,
      )
      .all(since)
      .map(toJob);
  }

  find(runId: RunId): JobRow | undefined {
    const row = this.#database.get('SELECT * FROM jobs WHERE run_id = ?').get(runId);
    return row === undefined ? undefined : toJob(row);
  }

  save(rows: readonly JobRow[]): void {
    const statement = this.#database.get(
      'INSERT OR REPLACE INTO jobs (id, run_id, run_name, directory, state, target, slot, position, submitted_at, started_at, ended_at, exit_code, priority, after_jobs, not_before, gpus, assigned, group_name, group_limit, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#database.transaction(() => {
      for (const { job, directory } of rows) {
        statement.run(
          job.id,
          job.runId,
          job.runName,
          directory,
          job.state,
          job.target,
          job.slot,
          job.order,
          job.submittedAt,
          job.startedAt ?? null,
          job.endedAt ?? null,
          job.exitCode ?? null,
          job.priority ?? null,
          jsonOrNull(job.after),
          job.notBefore ?? null,
          job.gpus ?? null,
          jsonOrNull(job.assigned),
          job.group ?? null,
          job.groupLimit ?? null,
          jsonOrNull(job.failure),
        );
      }
    });
  }
}

function toJob(row: Row): JobRow {
  return {
    directory: textOf(row['directory']),
    job: {
      id: textOf(row['id']) as JobId,
      runId: textOf(row['run_id']) as RunId,
      runName: textOf(row['run_name']),
      state: textOf(row['state']) as JobState,
      target: textOf(row['target']) as TargetKind,
      slot: textOf(row['slot']),
      order: numberOf(row['position']),
      reason: '',
      submittedAt: numberOf(row['submitted_at']),
      ...optional('startedAt', row['started_at'], Number),
      ...optional('endedAt', row['ended_at'], Number),
      ...optional('exitCode', row['exit_code'], Number),
      ...optional('priority', row['priority'], Number),
      ...optional('after', row['after_jobs'], jsonOf<readonly JobId[]>),
      ...optional('notBefore', row['not_before'], Number),
      ...optional('gpus', row['gpus'], Number),
      ...optional('assigned', row['assigned'], jsonOf<readonly string[]>),
      ...optional('group', row['group_name'], String),
      ...optional('groupLimit', row['group_limit'], Number),
      ...optional('failure', row['failure'], jsonOf<Failure>),
    },
  };
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
