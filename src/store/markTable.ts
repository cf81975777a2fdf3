import type { RunId } from '../domain/ids.ts';
import type { Database } from './database.ts';
import { jsonOf, numberOf, optional, type Row, textOf } from './rows.ts';

/** What the user says of a run. */
export interface Marks {
  /** The user's own name for it; absent: the run's. */
  readonly name?: string;
  readonly labels: readonly string[];
  readonly note: string;
  readonly archived: boolean;
}

export class MarkTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): ReadonlyMap<RunId, Marks> {
    return new Map(
      this.#database
        .get('SELECT * FROM marks')
        .all()
        .map((row) => [textOf(row['run_id']) as RunId, toMarks(row)]),
    );
  }

  save(runId: RunId, marks: Marks): void {
    this.#database.transaction(() => {
      this.#database
        .get('INSERT OR REPLACE INTO marks (run_id, name, labels, note, archived) VALUES (?, ?, ?, ?, ?)')
        .run(runId, marks.name ?? null, JSON.stringify(marks.labels), marks.note, Number(marks.archived));
    });
  }
}

function toMarks(row: Row): Marks {
  return {
    ...optional('name', row['name'], String),
    labels: jsonOf(row['labels']),
    note: textOf(row['note']),
    archived: numberOf(row['archived']) === 1,
  };
}
