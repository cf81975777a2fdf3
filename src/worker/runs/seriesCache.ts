import type { RunId } from '../../domain/ids.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import type { SeriesColumns } from '../../store/series/columns.ts';
import type { SeriesTable } from '../../store/seriesTable.ts';
import type { LiveRun } from './liveRun.ts';

const defaultBytes = 1_000_000_000;

interface Entry {
  readonly runId: RunId;
  readonly columns: SeriesColumns;
}

/** Series in memory, those asked for longest ago dropped first when there are too many bytes of them. What is dropped can be loaded again. */
export class SeriesCache {
  readonly #table: SeriesTable;
  readonly #maxBytes: number;
  /** In the order of use: a map keeps its insertions in order. */
  readonly #entries = new Map<string, Entry>();

  constructor(table: SeriesTable, maxBytes = defaultBytes) {
    this.#table = table;
    this.#maxBytes = maxBytes;
  }

  get byteLength(): number {
    let sum = 0;
    for (const { columns } of this.#entries.values()) sum += columns.byteLength;
    return sum;
  }

  /** All points of a series, those that are not in the database yet included. */
  get(run: LiveRun, tag: string): SeriesColumns {
    const key = keyOf(run.id, tag);
    const entry = this.#entries.get(key) ?? { runId: run.id, columns: this.#load(run, tag) };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.columns;
  }

  append(runId: RunId, { tag, steps, wallTimes, values }: ScalarBatch): void {
    this.#entries.get(keyOf(runId, tag))?.columns.append(steps, wallTimes, values);
  }

  drop(runId: RunId): void {
    for (const [key, entry] of this.#entries) if (entry.runId === runId) this.#entries.delete(key);
  }

  /** Drops what is too much. Called after a query, so that all series of one query may be in memory together. */
  shrink(): void {
    let bytes = this.byteLength;
    for (const [key, { columns }] of this.#entries) {
      if (bytes <= this.#maxBytes || this.#entries.size === 1) return;
      bytes -= columns.byteLength;
      this.#entries.delete(key);
    }
  }

  #load(run: LiveRun, tag: string): SeriesColumns {
    // After a reset the database still holds the old rows until the next flush.
    const columns = run.hasPendingReset ? this.#table.none() : this.#table.load(run.id, tag);
    for (const { steps, wallTimes, values } of run.pendingBatches(tag)) columns.append(steps, wallTimes, values);
    return columns;
  }
}

function keyOf(runId: RunId, tag: string): string {
  return `${runId}\0${tag}`;
}
