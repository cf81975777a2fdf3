import type { RunId } from '../domain/ids.ts';
import type { Database } from './database.ts';
import { numberOf, type Row, textOf } from './rows.ts';

/** A request to launch, noted before its run directory is made, so that the same request never makes two runs. */
export interface RequestRow {
  readonly id: string;
  readonly runId: RunId;
  readonly root: string;
  readonly directory: string;
  readonly slot: string;
  readonly held: boolean;
  /** Its job is in the queue: the launch is complete. */
  readonly queued: boolean;
}

export class RequestTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(id: string): RequestRow | undefined {
    const row = this.#database.get('SELECT * FROM requests WHERE id = ?').get(id);
    return row === undefined ? undefined : toRequest(row);
  }

  /** Launches that were cut off. */
  unfinished(): readonly RequestRow[] {
    return this.#database.get('SELECT * FROM requests WHERE queued = 0').all().map(toRequest);
  }

  save(row: RequestRow): void {
    this.#database.transaction(() => {
      this.#database
        .get(
          'INSERT OR REPLACE INTO requests (id, run_id, created_at, root, directory, slot, held, queued) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          row.id,
          row.runId,
          Date.now() / 1000,
          row.root,
          row.directory,
          row.slot,
          Number(row.held),
          Number(row.queued),
        );
    });
  }

  remove(id: string): void {
    this.#database.get('DELETE FROM requests WHERE id = ?').run(id);
  }
}

function toRequest(row: Row): RequestRow {
  return {
    id: textOf(row['id']),
    runId: textOf(row['run_id']) as RunId,
    root: textOf(row['root']),
    directory: textOf(row['directory']),
    slot: textOf(row['slot']),
    held: numberOf(row['held']) === 1,
    queued: numberOf(row['queued']) === 1,
  };
}
