import type { MediaRecord, ScalarBatch } from '../../domain/records.ts';
import { type Range, WireReader } from '../tensorboard/wire.ts';
import { readArtifact, readUsedArtifact, withArtifact } from './artifacts.ts';
import { History } from './history.ts';
import { type ItemPlace, readItem } from './items.ts';
import { readPath } from './keys.ts';
import type { LogRecord } from './logFile.ts';
import { OutputEnd } from './outputEnd.ts';
import { readEnvironment, readExit, readMetric, readOutput, readRun, readTimestamp } from './records.ts';
import type { DefinedMetric, Environment, LogState, RunInfo } from './state.ts';
import { Summary, updatedConfig } from './summary.ts';
import { SystemFigures } from './systemFigures.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Keys of the fields of Record (wandb_internal.proto) that are read: field number × 8 + 2, a length. */
const recordKeys = {
  history: 2 * 8 + 2,
  summary: 3 * 8 + 2,
  output: 4 * 8 + 2,
  config: 5 * 8 + 2,
  stats: 7 * 8 + 2,
  artifact: 8 * 8 + 2,
  metric: 12 * 8 + 2,
  outputRaw: 13 * 8 + 2,
  run: 17 * 8 + 2,
  exit: 18 * 8 + 2,
  preempting: 23 * 8 + 2,
  usedArtifact: 25 * 8 + 2,
  environment: 26 * 8 + 2,
} as const;

/** StatsRecord: timestamp = 2, item = 3. */
const statsKeys = { timestamp: 2 * 8 + 2, item: 3 * 8 + 2 } as const;

/** Definitions are kept in the cursor, so a program that defines more of them must not fill it. */
const mostMetrics = 2000;

/** Sorts the records of a transaction log into rows and facts. */
export class LogCollector {
  readonly #history: History;
  readonly #summary: Summary;
  readonly #figures: SystemFigures;
  readonly #output: OutputEnd;
  readonly #state: Mutable<LogState>;

  /** `log` is the file's name, to which media that lie inside it belong. */
  constructor(state: LogState, log: string) {
    this.#state = { ...state };
    this.#figures = new SystemFigures(state.system, state.likeSystem);
    this.#history = new History(state.position, { log, below: 'files/' }, (name) => this.#figures.tagOfLogged(name));
    this.#summary = new Summary(state.summary);
    this.#output = new OutputEnd(state.outputEnd);
  }

  /** All that was said up to here. */
  get state(): LogState {
    return {
      ...this.#state,
      position: this.#history.position,
      summary: this.#summary.entries,
      system: this.#figures.known,
      likeSystem: this.#figures.logged,
      outputEnd: this.#output.text,
    };
  }

  /** The rows since the last call. `lent`: see PollBudget. */
  takeRows(lent = false): { readonly scalars: readonly ScalarBatch[]; readonly media: readonly MediaRecord[] } {
    const { scalars, media } = this.#history.takeRows(lent);
    return { scalars: [...scalars, ...this.#figures.takeRows()], media };
  }

  /** Takes a record. Throws MalformedMessage, and then nothing of it was taken, or what stands before the damage in a small one. */
  readonly take = (record: LogRecord): void => {
    const { bytes, view, start, end } = record;
    const reader = new WireReader(bytes, view, { start, end });
    while (reader.more) {
      const key = reader.key();
      if ((key & 7) !== 2) {
        reader.skip(key);
        continue;
      }
      const range = reader.range();
      if (key === recordKeys.history) this.#takeHistory(record, range);
      else if (key === recordKeys.summary) this.#summary.take(reader.inside(range));
      else LogCollector.#takers[key]?.(this, reader.inside(range));
    }
  };

  /** The buffer of the last records is about to be used for other bytes. */
  readonly settle = (): void => {
    this.#summary.settle();
  };

  #takeHistory(record: LogRecord, { start, end }: Range): void {
    const { startTime } = this.#state.run;
    this.#history.take(record, start, end, startTime ?? this.#state.lastTime ?? 0);
    const { time } = this.#history.position;
    if (time !== null) this.#sawTime(time);
  }

  /** The records that are few. One table for all collectors, so that the functions above stay fast. */
  static readonly #takers: { readonly [key: number]: (self: LogCollector, reader: WireReader) => void } = {
    [recordKeys.config]: (self, reader) => {
      self.#state.config = updatedConfig(self.#state.config, reader);
    },
    [recordKeys.stats]: (self, reader) => self.#takeStats(reader),
    [recordKeys.metric]: (self, reader) => self.#takeMetric(readMetric(reader)),
    [recordKeys.artifact]: (self, reader) => {
      self.#state.artifacts = withArtifact(self.#state.artifacts, readArtifact(reader));
    },
    [recordKeys.usedArtifact]: (self, reader) => {
      self.#state.artifacts = withArtifact(self.#state.artifacts, readUsedArtifact(reader));
    },
    [recordKeys.output]: (self, reader) => self.#takeOutput(reader),
    [recordKeys.outputRaw]: (self, reader) => self.#takeOutput(reader),
    [recordKeys.run]: (self, reader) => self.#takeRun(reader),
    [recordKeys.exit]: (self, reader) => {
      self.#state.exit = readExit(reader) ?? self.#state.exit;
    },
    [recordKeys.preempting]: (self) => {
      self.#state.preempting = true;
    },
    [recordKeys.environment]: (self, reader) => {
      self.#state.environment = merged<Environment>(self.#state.environment, readEnvironment(reader));
    },
  };

  #takeRun(reader: WireReader): void {
    const { info, config, summary } = readRun(reader);
    this.#state.run = merged<RunInfo>(this.#state.run, info);
    if (config !== undefined) this.#state.config = updatedConfig(this.#state.config, reader.inside(config));
    if (summary !== undefined) this.#summary.take(reader.inside(summary));
    if (info.startTime !== undefined) this.#sawTime(info.startTime);
  }

  #takeMetric({ name, defined }: { readonly name: string; readonly defined: DefinedMetric }): void {
    const { metrics } = this.#state;
    if (name === '' || Object.keys(defined).length === 0) return;
    if (Object.hasOwn(metrics, name) || Object.keys(metrics).length < mostMetrics)
      this.#state.metrics = { ...metrics, [name]: { ...metrics[name], ...defined } };
  }

  #takeStats(reader: WireReader): void {
    const items: Range[] = [];
    let time = this.#state.lastTime ?? 0;
    while (reader.more) {
      const key = reader.key();
      if (key === statsKeys.timestamp) time = readTimestamp(reader, reader.range());
      else if (key === statsKeys.item) items.push(reader.range());
      else reader.skip(key);
    }
    const place: ItemPlace = { keyEnd: 0, valueStart: 0, end: 0 };
    this.#sawTime(time);
    for (const { start, end } of items) {
      readItem(reader.bytes, start, end, place);
      const name = readPath(reader.bytes, start, place.keyEnd).join('.');
      this.#figures.take(name, time, reader.bytes, place.valueStart, end);
    }
  }

  #takeOutput(reader: WireReader): void {
    const { time, line } = readOutput(reader);
    if (time !== undefined) this.#sawTime(time);
    if (line === undefined) return;
    this.#state.hasOutput = true;
    this.#output.add(reader.text(line));
  }

  #sawTime(time: number): void {
    if (!(time > 0)) return;
    const { firstTime, lastTime } = this.#state;
    if (firstTime === null || time < firstTime) this.#state.firstTime = time;
    if (lastTime === null || time > lastTime) this.#state.lastTime = time;
  }
}

/** The later values over the earlier ones; empty texts and lists say nothing. */
function merged<T extends object>(...parts: readonly T[]): T {
  const said = parts.flatMap((part) => Object.entries(part)).filter(([, value]) => value !== '' && value?.length !== 0);
  return Object.fromEntries(said) as T;
}
