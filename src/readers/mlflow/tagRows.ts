import type { ScalarBatch } from '../../domain/records.ts';
import { hasSameBytes } from '../sqlite/columnBytes.ts';
import type { SqliteRecord } from '../sqlite/record.ts';
import { MetricRows } from './metricLines.ts';

interface Tag {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly rows: MetricRows;
  /** The tag that came behind it last time: programs log the same metrics in the same order, step by step. */
  successor: Tag | undefined;
}

/** The rows of a table of metrics by their tags. */
export class TagRows {
  readonly #column: number;
  readonly #tags = new Map<string, Tag>();
  #last: Tag | undefined;

  /** `column` is the one with the tags. */
  constructor(column: number) {
    this.#column = column;
  }

  /** Where the values of this row go. */
  rowsOf(record: SqliteRecord): MetricRows {
    const guess = this.#last?.successor;
    const tag = guess !== undefined && hasSameBytes(record, this.#column, guess.bytes) ? guess : this.#find(record);
    this.#last = tag;
    return tag.rows;
  }

  take(): ScalarBatch[] {
    return [...this.#tags.values()].map(({ name, rows }) => rows.take(name));
  }

  #find(record: SqliteRecord): Tag {
    const name = record.text(this.#column) ?? '';
    let tag = this.#tags.get(name);
    if (tag === undefined) {
      const bytes = record.bytes(this.#column)?.slice() ?? new Uint8Array(0);
      tag = { name, bytes, rows: new MetricRows(), successor: undefined };
      this.#tags.set(name, tag);
    }
    if (this.#last !== undefined) this.#last.successor = tag;
    return tag;
  }
}
