import type { Database } from './database.ts';
import { numberOf, textOf } from './rows.ts';

/** What was decided of two places: that they hold one run, or that they do not. */
export interface MergeRow {
  /** `placeKey` of each, in an order that says nothing, unless `by` is "user" and they are the same: then `one` stands for the run. */
  readonly one: string;
  readonly other: string;
  readonly verdict: 'same' | 'apart';
  /** Whose word it is. The user's is never changed by evidence. */
  readonly by: 'user' | 'evidence';
  /** The evidence, as a sentence. */
  readonly why: string;
  /** Seconds since 1970. */
  readonly decidedAt: number;
}

/** Decisions about what is one run. Places are kept as JSON, since a `placeKey` has NUL characters in it. */
export class MergeTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): readonly MergeRow[] {
    return this.#database
      .get('SELECT * FROM merges ORDER BY decided_at, one, other')
      .all()
      .map((row) => ({
        one: JSON.parse(textOf(row['one'])) as string,
        other: JSON.parse(textOf(row['other'])) as string,
        verdict: textOf(row['verdict']) as MergeRow['verdict'],
        by: textOf(row['decided_by']) as MergeRow['by'],
        why: textOf(row['why']),
        decidedAt: numberOf(row['decided_at']),
      }));
  }

  /** Writes decisions in one piece; each takes the place of an earlier one about the same two, whichever way around. */
  save(rows: readonly MergeRow[]): void {
    const drop = this.#database.get('DELETE FROM merges WHERE one = ? AND other = ?');
    const insert = this.#database.get(
      'INSERT OR REPLACE INTO merges (one, other, verdict, decided_by, why, decided_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#database.transaction(() => {
      for (const { one, other, verdict, by, why, decidedAt } of rows) {
        const [first, second] = [JSON.stringify(one), JSON.stringify(other)];
        drop.run(second, first);
        insert.run(first, second, verdict, by, why, decidedAt);
      }
    });
  }
}
