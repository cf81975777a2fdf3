import type { RunId } from '../domain/ids.ts';
import type { ScalarBatch } from '../domain/records.ts';
import type { SeriesKind } from '../domain/run.ts';
import type { Database } from './database.ts';
import { unpackDigest } from './digest.ts';
import { jsonOf, numberOf, type Row, realOf, textOf } from './rows.ts';
import { SeriesColumns } from './series/columns.ts';
import type { SeriesRow } from './seriesRow.ts';

export type { SeriesRow } from './seriesRow.ts';

/** Points of a chunk; 24 bytes each. A chunk is written again until it is full. */
const chunkPoints = 4096;

/** Series of runs: a row of figures each, and the points in chunks of columns (steps, wall times, values; float64, little-endian). */
export class SeriesTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The series of a run, those of its digest first. A row of a series' own, which is younger, takes the place of what the digest says. */
  ofRun(runId: RunId): readonly SeriesRow[] {
    const rows = this.#database.get('SELECT * FROM series WHERE run_id = ? ORDER BY id').all(runId).map(toSeries);
    const digest = this.#database.get('SELECT figures FROM digests WHERE run_id = ?').get(runId);
    if (digest === undefined) return rows;
    const all = [...unpackDigest(digest['figures'] as Uint8Array), ...rows];
    return [...new Map(all.map((row) => [row.info.tag, row])).values()];
  }

  /** Keeps the packed figures (`packDigest`) of a run of which the points are not kept. Call inside a transaction. */
  keepDigest(runId: RunId, digest: Uint8Array): void {
    this.#database.get('INSERT OR REPLACE INTO digests (run_id, figures) VALUES (?, ?)').run(runId, digest);
  }

  /** All points of a series; an empty one where the run has no such tag. */
  load(runId: RunId, tag: string): SeriesColumns {
    const id = this.#id(runId, tag);
    const chunks =
      id === undefined
        ? []
        : this.#database
            .get('SELECT count, points FROM chunks WHERE series_id = ? ORDER BY number')
            .all(id)
            .map(toChunk);
    const total = chunks.reduce((sum, { count }) => sum + count, 0);
    const columns = [0, 1, 2].map(() => new Float64Array(total)) as [Float64Array, Float64Array, Float64Array];
    let at = 0;
    for (const { count, numbers } of chunks) {
      for (let column = 0; column < 3; column++)
        columns[column]!.set(numbers.subarray(column * count, (column + 1) * count), at);
      at += count;
    }
    return new SeriesColumns(...columns);
  }

  /** A series without points. */
  none(): SeriesColumns {
    return new SeriesColumns(new Float64Array(0), new Float64Array(0), new Float64Array(0));
  }

  /** Writes the figures of a series and appends points to it. Call inside a transaction. */
  append(runId: RunId, { info, sketch }: SeriesRow, points: ScalarBatch | undefined): void {
    this.#database
      .get(
        `INSERT INTO series (run_id, tag, kind, count, first_step, last_step, first_value, last_value, min, max, non_finite, first_wall, last_wall, sketch, system, duplicate)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (run_id, tag) DO UPDATE SET kind = excluded.kind, count = excluded.count, first_step = excluded.first_step,
           last_step = excluded.last_step, first_value = excluded.first_value, last_value = excluded.last_value, min = excluded.min,
           max = excluded.max, non_finite = excluded.non_finite, first_wall = excluded.first_wall, last_wall = excluded.last_wall,
           sketch = excluded.sketch, system = excluded.system, duplicate = excluded.duplicate`,
      )
      .run(
        runId,
        info.tag,
        info.kind,
        info.count,
        realOf(info.firstStep),
        realOf(info.lastStep),
        realOf(info.firstValue ?? Number.NaN),
        realOf(info.lastValue ?? Number.NaN),
        realOf(info.min ?? Number.NaN),
        realOf(info.max ?? Number.NaN),
        info.nonFinite,
        realOf(info.firstWallTime),
        realOf(info.lastWallTime),
        JSON.stringify(sketch),
        Number(info.system === true),
        Number(info.duplicate === true),
      );
    if (points !== undefined && points.values.length > 0) this.#appendPoints(this.#id(runId, info.tag)!, points);
  }

  clear(runId: RunId): void {
    this.#database.get('DELETE FROM series WHERE run_id = ?').run(runId);
    this.#database.get('DELETE FROM digests WHERE run_id = ?').run(runId);
  }

  #id(runId: RunId, tag: string): number | undefined {
    const row = this.#database.get('SELECT id FROM series WHERE run_id = ? AND tag = ?').get(runId, tag);
    return row === undefined ? undefined : numberOf(row['id']);
  }

  #appendPoints(seriesId: number, points: ScalarBatch): void {
    const tail = this.#database
      .get('SELECT number, count, points FROM chunks WHERE series_id = ? ORDER BY number DESC LIMIT 1')
      .get(seriesId);
    let number = tail === undefined ? 0 : numberOf(tail['number']);
    let open = tail === undefined ? undefined : toChunk(tail);
    if (open !== undefined && open.count >= chunkPoints) {
      number++;
      open = undefined;
    }
    for (let from = 0; from < points.values.length; number++, open = undefined) {
      const taken = Math.min(chunkPoints - (open?.count ?? 0), points.values.length - from);
      this.#writeChunk(seriesId, number, open, points, from, taken);
      from += taken;
    }
  }

  #writeChunk(
    seriesId: number,
    number: number,
    open: Chunk | undefined,
    points: ScalarBatch,
    from: number,
    taken: number,
  ): void {
    const before = open?.count ?? 0;
    const count = before + taken;
    const numbers = new Float64Array(count * 3);
    const added = [points.steps, points.wallTimes, points.values];
    for (const [column, values] of added.entries()) {
      if (open !== undefined)
        numbers.set(open.numbers.subarray(column * before, (column + 1) * before), column * count);
      numbers.set(values.subarray(from, from + taken), column * count + before);
    }
    this.#database
      .get('INSERT OR REPLACE INTO chunks (series_id, number, count, points) VALUES (?, ?, ?, ?)')
      .run(seriesId, number, count, new Uint8Array(numbers.buffer));
  }
}

interface Chunk {
  readonly count: number;
  readonly numbers: Float64Array;
}

function toChunk(row: Row): Chunk {
  const bytes = row['points'] as Uint8Array;
  // SQLite's memory may lie at any address; a copy is aligned.
  const numbers = new Float64Array(new Uint8Array(bytes).buffer);
  return { count: numberOf(row['count']), numbers };
}

function toSeries(row: Row): SeriesRow {
  const kind = textOf(row['kind']) as SeriesKind;
  const isScalar = kind === 'scalar';
  const extremes = row['min'] === null ? {} : { min: numberOf(row['min']), max: numberOf(row['max']) };
  return {
    sketch: jsonOf(row['sketch']),
    info: {
      tag: textOf(row['tag']),
      kind,
      count: numberOf(row['count']),
      firstStep: numberOf(row['first_step']),
      lastStep: numberOf(row['last_step']),
      ...(isScalar
        ? { firstValue: numberOf(row['first_value']), lastValue: numberOf(row['last_value']), ...extremes }
        : {}),
      nonFinite: numberOf(row['non_finite']),
      firstWallTime: numberOf(row['first_wall']),
      lastWallTime: numberOf(row['last_wall']),
      ...(row['system'] === 1 ? { system: true } : {}),
      ...(row['duplicate'] === 1 ? { duplicate: true } : {}),
    },
  };
}
