import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok, type Result } from '../../base/result.ts';
import { SqliteFault, Unstable } from './fault.ts';
import { Snapshot } from './snapshot.ts';
import { WalIndex } from './wal.ts';

/** Why nothing was read: there is no file, it is being changed just now, or it cannot be read at all. */
export type SqliteReason = 'absent' | 'not-yet' | 'unreadable';

export interface SqliteAnswer<T> {
  readonly value: T;
  /** Damage that was passed over. */
  readonly faults: readonly SqliteFault[];
}

/** Pauses between attempts. A commit is over within milliseconds. */
const pausesMs = [1, 3, 8, 20, 40];
/** Damage that is still there after so many attempts, with nothing written in between, is damage and no write in progress. */
const damageAttempts = 2;

/**
 * A database that somebody else owns. It is read without locks: a state that changed while it was read is read again, a few times.
 * Between reads no file is open; what is kept is the list of pages in the write-ahead log.
 */
export class SqliteFile {
  readonly path: string;
  readonly #wal = new WalIndex();
  /** The state in which damage stayed, so that it is not waited for again; and the one in which it was seen by the last attempt. */
  #damaged = '';
  #suspect = '';

  constructor(path: string) {
    this.path = path;
  }

  /**
   * What `work` makes of one state of the database. It may be called several times and must not keep anything of an attempt unless
   * `snapshot.check()` has passed. Damage is passed over at the last attempt only, since most of it is a write in progress.
   */
  async read<T>(work: (snapshot: Snapshot) => T): Promise<Result<SqliteAnswer<T>, SqliteReason>> {
    let failure: Result<never, SqliteReason> = fail('not-yet', 'It is being written.');
    for (let attempt = 0; ; attempt++) {
      const outcome = this.#attempt(work, attempt);
      if (outcome.ok) return outcome;
      failure = outcome;
      if (outcome.reason !== 'not-yet' || attempt >= pausesMs.length) return failure;
      await sleep(pausesMs[attempt]);
    }
  }

  #attempt<T>(work: (snapshot: Snapshot) => T, attempt: number): Result<SqliteAnswer<T>, SqliteReason> {
    const isPatient = attempt < pausesMs.length;
    const accepts = (version: string): boolean =>
      !isPatient || version === this.#damaged || (version === this.#suspect && attempt >= damageAttempts);
    let snapshot: Snapshot | undefined;
    try {
      snapshot = new Snapshot(this.path, this.#wal, accepts);
      const value = work(snapshot);
      snapshot.check();
      this.#damaged = snapshot.faults.length > 0 ? snapshot.version : '';
      return ok({ value, faults: snapshot.faults });
    } catch (error) {
      if (snapshot !== undefined && snapshot.faults.length > 0) this.#suspect = snapshot.version;
      return describeFailure(snapshot?.explain(error) ?? error, attempt >= damageAttempts);
    } finally {
      snapshot?.dispose();
    }
  }
}

function describeFailure(error: unknown, isDamage: boolean): Result<never, SqliteReason> {
  if (error instanceof Unstable) return fail('not-yet', error.message);
  if (error instanceof SqliteFault) return fail(isDamage ? 'unreadable' : 'not-yet', error.message);
  const { code, message } = error as { code?: string; message: string };
  if (code === 'ENOENT' || code === 'ENOTDIR') return fail('absent', message);
  if (code !== undefined) return fail('unreadable', `It cannot be opened (${code}): ${message}`);
  throw error;
}
