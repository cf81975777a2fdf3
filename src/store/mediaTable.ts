import type { RunId } from '../domain/ids.ts';
import type { MediaRecord } from '../domain/records.ts';
import type { Database } from './database.ts';
import { jsonOf } from './rows.ts';

/** Images, texts and the like of runs: where their bytes lie, never the bytes. */
export class MediaTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(runId: RunId, tag?: string): readonly MediaRecord[] {
    const rows =
      tag === undefined
        ? this.#database.get('SELECT record FROM media WHERE run_id = ? ORDER BY tag, step, position, rowid').all(runId)
        : this.#database
            .get('SELECT record FROM media WHERE run_id = ? AND tag = ? ORDER BY step, position, rowid')
            .all(runId, tag);
    return rows.map((row) => jsonOf<MediaRecord>(row['record']));
  }

  /** The newest record of that place, since a restarted run may have drawn a step again. */
  find(runId: RunId, tag: string, step: number, index: number): MediaRecord | undefined {
    const row = this.#database
      .get(
        'SELECT record FROM media WHERE run_id = ? AND tag = ? AND step = ? AND position = ? ORDER BY rowid DESC LIMIT 1',
      )
      .get(runId, tag, step, index);
    return row === undefined ? undefined : jsonOf<MediaRecord>(row['record']);
  }

  append(runId: RunId, records: readonly MediaRecord[]): void {
    const statement = this.#database.get(
      'INSERT INTO media (run_id, tag, step, position, record) VALUES (?, ?, ?, ?, ?)',
    );
    for (const record of records) statement.run(runId, record.tag, record.step, record.index, JSON.stringify(record));
  }

  clear(runId: RunId): void {
    this.#database.get('DELETE FROM media WHERE run_id = ?').run(runId);
  }
}
