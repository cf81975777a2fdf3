import type { Failure } from '../domain/failure.ts';
import type { RunId } from '../domain/ids.ts';
import type { SweepRequest } from '../domain/sweep.ts';
import type { Database } from './database.ts';
import { jsonOf, numberOf, optional, type Row, textOf } from './rows.ts';

/** What the next launch of a trial is to be. */
export interface NextLaunch {
  /** Arguments behind all others. */
  readonly edits: readonly string[];
  /** Goes on from the last checkpoint of this run, where there is one. */
  readonly resume?: RunId;
}

/** A row of a sweep's ledger. */
export interface StoredTrial {
  readonly index: number;
  /** Empty until a search that learns has drawn it. */
  readonly overrides: readonly string[];
  /** All its runs, the latest last. */
  readonly runs: readonly RunId[];
  /** Absent: nothing more is to be launched. */
  readonly next?: NextLaunch;
  /** The metric's last value in the latest run that ended. */
  readonly value?: number;
  /** Why the last attempt to launch it was refused. */
  readonly refused?: Failure;
}

export interface StoredSweep {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly createdAt: number;
  readonly paused: boolean;
  readonly request: SweepRequest;
  readonly trials: readonly StoredTrial[];
}

/** Sweeps and their ledgers. */
export class SweepTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Every sweep, the oldest first. */
  all(): readonly StoredSweep[] {
    const trials = new Map<string, StoredTrial[]>();
    for (const row of this.#database.get('SELECT * FROM trials ORDER BY sweep_id, number').all()) {
      const id = textOf(row['sweep_id']);
      const known = trials.get(id);
      if (known === undefined) trials.set(id, [toTrial(row)]);
      else known.push(toTrial(row));
    }
    return this.#database
      .get('SELECT * FROM sweeps ORDER BY created_at, id')
      .all()
      .map((row) => ({
        id: textOf(row['id']),
        name: textOf(row['name']),
        folder: textOf(row['folder']),
        createdAt: numberOf(row['created_at']),
        paused: numberOf(row['paused']) === 1,
        request: jsonOf(row['request']),
        trials: trials.get(textOf(row['id'])) ?? [],
      }));
  }

  /** Writes a new sweep with its whole ledger. */
  add(sweep: StoredSweep): void {
    this.#database.transaction(() => {
      this.#database
        .get('INSERT INTO sweeps (id, name, folder, created_at, paused, request) VALUES (?, ?, ?, ?, ?, ?)')
        .run(sweep.id, sweep.name, sweep.folder, sweep.createdAt, Number(sweep.paused), JSON.stringify(sweep.request));
      for (const trial of sweep.trials) this.#saveTrial(sweep.id, trial);
    });
  }

  setPaused(id: string, paused: boolean): void {
    this.#database.transaction(() => {
      this.#database.get('UPDATE sweeps SET paused = ? WHERE id = ?').run(Number(paused), id);
    });
  }

  /** Writes rows of a ledger in one piece; `request` notes the request that asked for them, so that it is carried out once. */
  saveTrials(id: string, trials: readonly StoredTrial[], request?: string): void {
    this.#database.transaction(() => {
      for (const trial of trials) this.#saveTrial(id, trial);
      if (request !== undefined) {
        this.#database
          .get('INSERT OR REPLACE INTO sweep_requests (id, sweep_id, started) VALUES (?, ?, ?)')
          .run(request, id, trials.length);
      }
    });
  }

  /** How many trials a request launched; undefined where it has not come before. */
  startedBy(request: string): number | undefined {
    const row = this.#database.get('SELECT started FROM sweep_requests WHERE id = ?').get(request);
    return row === undefined ? undefined : numberOf(row['started']);
  }

  #saveTrial(id: string, { index, overrides, runs, next, value, refused }: StoredTrial): void {
    this.#database
      .get(
        'INSERT OR REPLACE INTO trials (sweep_id, number, overrides, runs, next, value, refused) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        id,
        index,
        JSON.stringify(overrides),
        JSON.stringify(runs),
        next === undefined ? null : JSON.stringify(next),
        value === undefined || Number.isNaN(value) ? null : value,
        refused === undefined ? null : JSON.stringify(refused),
      );
  }
}

function toTrial(row: Row): StoredTrial {
  return {
    index: numberOf(row['number']),
    overrides: jsonOf(row['overrides']),
    runs: jsonOf(row['runs']),
    ...optional('next', row['next'], jsonOf<NextLaunch>),
    ...optional('value', row['value'], Number),
    ...optional('refused', row['refused'], jsonOf<Failure>),
  };
}
