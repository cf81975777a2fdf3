import type { JsonObject } from '../../domain/json.ts';
import type { MediaRecord, ScalarBatch } from '../../domain/records.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { Column, RowClock } from '../text/columns.ts';
import { isTypedValue, mediaOf, type RowPlace } from './media.ts';
import { type Restart, RestartFinder, TagClock, type TagSteps } from './restarts.ts';

/** What is remembered of the rows that were read: a plain tree, part of the cursor. */
export interface RowState {
  readonly tags: { readonly [tag: string]: TagSteps };
  readonly restarts: readonly Restart[];
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  /** Samples of the machine so far, by tag: their number is the step of the next one. */
  readonly samples: { readonly [tag: string]: number };
}

export const emptyRowState: RowState = { tags: {}, restarts: [], firstTime: null, lastTime: null, samples: {} };

/** The numbers that JSON cannot hold, as Trackio writes them (utils.py, serialize_values). */
const wordNumbers: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Nested objects beyond this depth are kept as text. */
const deepest = 8;

/** Turns the JSON objects of rows into columns and media. */
export class RunRows {
  readonly #media: MediaRecord[] = [];
  readonly #clock = new RowClock();
  readonly #columns = new Map<string, TimedColumn>();
  readonly #systemClock = new RowClock();
  readonly #systemColumns = new Map<string, Column>();
  readonly #finder: RestartFinder;
  readonly #tags: { readonly [tag: string]: TagSteps };
  #firstTime: number;
  #lastTime: number;
  readonly #samples: Map<string, number>;
  /** Texts of what could not be used, without their place. */
  readonly problems = new Set<string>();

  constructor(state: RowState) {
    this.#tags = state.tags;
    this.#finder = new RestartFinder(state.restarts);
    this.#firstTime = state.firstTime ?? Number.NaN;
    this.#lastTime = state.lastTime ?? Number.NaN;
    this.#samples = new Map(Object.entries(state.samples));
  }

  get state(): RowState {
    const tags: { [tag: string]: TagSteps } = { ...this.#tags };
    for (const { column, clock } of this.#columns.values()) tags[column.tag] = [clock.lastStep, clock.restart];
    const { restarts } = this.#finder;
    return {
      tags,
      restarts,
      firstTime: orNull(this.#firstTime),
      lastTime: orNull(this.#lastTime),
      samples: Object.fromEntries(this.#samples),
    };
  }

  /** One call of `log`; `further` are values that stand in columns of their own. */
  takeMetrics(step: number, wallTime: number, metrics: string | JsonObject, further?: JsonObject): void {
    const parsed = this.#parse(metrics);
    if (parsed === undefined) return;
    const values = further === undefined ? parsed : { ...further, ...parsed };
    this.#sawTime(wallTime);
    const row = this.#clock.count;
    this.#clock.push(step, wallTime);
    for (const tag in values) this.#takeValue(tag, values[tag], row, { step, wallTime }, 0);
  }

  /** One sample of the machine: it has a time and no step. */
  takeSystem(wallTime: number, metrics: string | JsonObject): void {
    const values = this.#parse(metrics);
    if (values === undefined) return;
    const row = this.#systemClock.count;
    this.#systemClock.push(0, wallTime);
    for (const tag in values) {
      const number = toNumber(values[tag]);
      if (number === undefined) continue;
      let column = this.#systemColumns.get(tag);
      if (column === undefined) {
        column = new Column(tag);
        this.#systemColumns.set(tag, column);
      }
      column.push(row, number);
      this.#samples.set(tag, (this.#samples.get(tag) ?? 0) + 1);
    }
  }

  takeText(tag: string, text: string, { step, wallTime }: RowPlace): void {
    this.#media.push({
      tag,
      kind: 'text',
      step,
      wallTime,
      index: 0,
      mime: 'text/markdown',
      place: { at: 'inline', text },
    });
  }

  /** What was taken since the beginning. */
  take(): { readonly scalars: readonly ScalarBatch[]; readonly media: readonly MediaRecord[] } {
    const scalars = this.#clock.take([...this.#columns.values()].map(({ column }) => column));
    const system = this.#systemClock.take(this.#systemColumns.values()).map((batch) => this.#countSamples(batch));
    return { scalars: [...scalars, ...system], media: this.#media };
  }

  #countSamples(batch: ScalarBatch): ScalarBatch {
    const { tag, steps } = batch;
    const first = this.#samples.get(tag)! - steps.length;
    return { ...batch, steps: steps.map((_, index) => first + index), system: true };
  }

  #parse(metrics: string | JsonObject): { readonly [tag: string]: unknown } | undefined {
    if (typeof metrics !== 'string') return metrics;
    try {
      const value = parsePythonJson(metrics);
      if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
    } catch {
      // Said below, as for anything else that is no object.
    }
    this.problems.add('A row does not hold a JSON object, so it was passed over.');
    return undefined;
  }

  #takeValue(tag: string, value: unknown, row: number, place: RowPlace, depth: number): void {
    const number = toNumber(value);
    if (number !== undefined) this.#takeNumber(tag, number, row, place);
    else if (typeof value === 'string') this.takeText(tag, value, place);
    else if (value !== null && typeof value === 'object') this.#takeObject(tag, value, row, place, depth);
  }

  #takeObject(tag: string, value: object, row: number, place: RowPlace, depth: number): void {
    const items = Array.isArray(value) ? value : [value];
    if (
      items.length > 0 &&
      items.every((item: unknown) => item !== null && typeof item === 'object' && isTypedValue(item))
    ) {
      items.forEach((item, index) => {
        const record = mediaOf(tag, item, index, place);
        if (record === undefined) this.problems.add(`A value of ${tag} names a file outside the folder "media".`);
        else this.#media.push(record);
      });
    } else if (Array.isArray(value) || depth >= deepest) {
      this.takeText(tag, JSON.stringify(value), place);
    } else {
      for (const [key, item] of Object.entries(value)) this.#takeValue(`${tag}/${key}`, item, row, place, depth + 1);
    }
  }

  #takeNumber(tag: string, number: number, row: number, { step, wallTime }: RowPlace): void {
    let timed = this.#columns.get(tag);
    if (timed === undefined) {
      const known = Object.hasOwn(this.#tags, tag) ? this.#tags[tag] : undefined;
      timed = { column: new Column(tag), clock: new TagClock(known) };
      this.#columns.set(tag, timed);
    }
    this.#finder.see(timed.clock, step, wallTime);
    timed.column.push(row, number);
  }

  #sawTime(wallTime: number): void {
    if (Number.isNaN(wallTime)) return;
    if (!(this.#firstTime <= wallTime)) this.#firstTime = wallTime;
    if (!(this.#lastTime >= wallTime)) this.#lastTime = wallTime;
  }
}

interface TimedColumn {
  readonly column: Column;
  readonly clock: TagClock;
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? wordNumbers.get(value) : undefined;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
