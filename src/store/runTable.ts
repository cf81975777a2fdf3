import type { RunId } from '../domain/ids.ts';
import type { ReaderCursor, RunFacts, RunPart } from '../domain/records.ts';
import type { MetricSummary, RunSource } from '../domain/run.ts';
import type { Database } from './database.ts';
import { jsonOf, numberOf, optional, type Row, textOf } from './rows.ts';

/** What a list shows of a run's values, kept so that ten thousand runs are listed without reading their series. NaN is null on disk. */
export interface Glance {
  readonly metrics: readonly MetricSummary[];
  readonly sparkline: readonly number[];
}

/** A run that was found, as the database knows it. */
export interface RunRow {
  readonly id: RunId;
  readonly source: RunSource;
  readonly path: string;
  readonly key?: string;
  readonly parts?: readonly RunPart[];
  readonly root: string;
  readonly name: string;
  readonly foundAt: number;
  readonly facts: RunFacts;
  readonly problems: readonly string[];
  readonly glance: Glance;
  /** Where its reader goes on; absent: at the start. */
  readonly cursor: ReaderCursor | undefined;
  /** Only the figures of its series are kept; the points are read again from its files when somebody asks for them. */
  readonly skimmed?: boolean;
}

export class RunTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): readonly RunRow[] {
    return [...this.each()];
  }

  /** The same one by one: the texts of ten thousand rows at once would stay in memory for long. */
  *each(): Generator<RunRow> {
    for (const row of this.#database.get('SELECT * FROM runs').iterate()) yield toRun(row);
  }

  save(row: RunRow): void {
    this.#database
      .get(
        `INSERT INTO runs (id, source, path, run_key, parts, root, name, found_at, facts, problems, glance, cursor, skimmed)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET source = excluded.source, path = excluded.path, run_key = excluded.run_key, parts = excluded.parts,
           root = excluded.root, name = excluded.name, facts = excluded.facts, problems = excluded.problems, glance = excluded.glance,
           cursor = excluded.cursor, skimmed = excluded.skimmed`,
      )
      .run(
        row.id,
        row.source,
        row.path,
        row.key ?? null,
        row.parts === undefined ? null : JSON.stringify(row.parts),
        row.root,
        row.name,
        row.foundAt,
        JSON.stringify(row.facts),
        JSON.stringify(row.problems),
        JSON.stringify(row.glance),
        row.cursor === undefined ? null : JSON.stringify(row.cursor),
        Number(row.skimmed === true),
      );
  }

  /** Forgets a run that is gone from the disk; what the user said of it stays. */
  remove(id: RunId): void {
    this.#database.get('DELETE FROM runs WHERE id = ?').run(id);
  }
}

function toRun(row: Row): RunRow {
  return {
    id: textOf(row['id']) as RunId,
    source: textOf(row['source']) as RunSource,
    path: textOf(row['path']),
    ...optional('key', row['run_key'], String),
    ...optional('parts', row['parts'], jsonOf<readonly RunPart[]>),
    root: textOf(row['root']),
    name: textOf(row['name']),
    foundAt: numberOf(row['found_at']),
    facts: jsonOf(row['facts']),
    problems: jsonOf(row['problems']),
    glance: toGlance(jsonOf(row['glance'])),
    cursor: row['cursor'] === null ? undefined : jsonOf(row['cursor']),
    ...(row['skimmed'] === 1 ? { skimmed: true } : {}),
  };
}

function toGlance(stored: {
  metrics: readonly Record<string, unknown>[];
  sparkline: readonly (number | null)[];
}): Glance {
  const number = (value: unknown): number => (value === null ? Number.NaN : Number(value));
  return {
    metrics: stored.metrics.map((metric) => ({
      tag: String(metric['tag']),
      value: number(metric['value']),
      step: number(metric['step']),
      min: number(metric['min']),
      max: number(metric['max']),
    })),
    sparkline: stored.sparkline.map(number),
  };
}
