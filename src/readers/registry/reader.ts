import { createHash } from 'node:crypto';
import path from 'node:path';
import { type Json, type JsonObject, jsonNumber } from '../../domain/json.ts';
import type { FoundRun, PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import type { RegistryExperiment } from '../../domain/registry.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { parseLocalTime } from '../files/localTime.ts';
import type { RunReader } from '../format.ts';
import { configOf, type Figure, figuresOf, toBatches } from './figures.ts';
import { ResultReader, type Results } from './results.ts';
import { type RegistryEntry, readSnapshot } from './snapshot.ts';
import { experimentStatus } from './status.ts';
import { latestChange, type Traces, tracesOf } from './traces.ts';

export interface RegistryReaderOptions {
  /** Seconds since 1970. */
  readonly now?: () => number;
  /** How old the list of names below the registry may be. */
  readonly namesAgeSeconds?: number;
}

const version = 1;

/** Reads one experiment of a registry, with its results and logs. The rows are void when the experiment is run again. */
export class RegistryReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #namesAge: number;
  readonly #results = new ResultReader();
  #told: RunFacts = {};
  #toldProblems = '';
  #lastEntry = '';

  constructor(run: FoundRun, { now = () => Date.now() / 1000, namesAgeSeconds = 15 }: RegistryReaderOptions = {}) {
    this.#run = run;
    this.#now = now;
    this.#namesAge = namesAgeSeconds;
  }

  async poll(cursor: ReaderCursor | undefined): Promise<PollResult> {
    const known = rowsIn(cursor);
    const read = await readSnapshot(this.#run.path);
    const entry = read.ok ? read.value.experiments.get(this.#run.key ?? this.#run.name) : undefined;
    if (!read.ok || entry === undefined) {
      const message = read.ok ? 'The registry no longer names this experiment.' : read.message;
      // What was read stays: the registry is being replaced, or somebody took the experiment out of it.
      return this.#answer(
        cursor ?? { version, rows: '' },
        false,
        cursor,
        [],
        read.ok ? { status: 'unknown', statusReason: message } : {},
        [...(read.ok || read.reason === 'absent' ? [] : [{ file: path.basename(this.#run.path), message }])],
      );
    }
    const { facts, figures, problems } = await this.#look(entry);
    const rows = figures.length === 0 ? '' : fingerprint(figures, entry.experiment.startedAt);
    const isOther = known !== undefined && known !== '' && known !== rows;
    const reset = isOther || (cursor !== undefined && known === undefined);
    const isNew = known === undefined || known !== rows;
    return this.#answer({ version, rows }, reset, cursor, isNew ? figures : [], facts, problems);
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  #answer(
    next: ReaderCursor,
    reset: boolean,
    cursor: ReaderCursor | undefined,
    figures: readonly Figure[],
    facts: RunFacts,
    problems: readonly ReaderProblem[],
  ): PollResult {
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = { ...this.#told, ...facts };
    const text = JSON.stringify(problems);
    const told = text === this.#toldProblems;
    this.#toldProblems = text;
    return {
      cursor: next,
      reset,
      more: false,
      facts: changed,
      scalars: toBatches(figures),
      media: [],
      problems: told ? [] : problems,
    };
  }

  /** How old the names may be: the entry of an experiment changes when it has made something. */
  #ageFor({ fields, experiment }: RegistryEntry): number {
    const text = JSON.stringify(fields);
    const isNew = text !== this.#lastEntry;
    this.#lastEntry = text;
    if (isNew) return Math.min(1, this.#namesAge);
    return experiment.status === 'running' ? this.#namesAge : this.#namesAge * restFactor;
  }

  async #look(
    entry: RegistryEntry,
  ): Promise<{ facts: RunFacts; figures: readonly Figure[]; problems: readonly ReaderProblem[] }> {
    const { experiment } = entry;
    const startedAt = timeOf(experiment.startedAt);
    // What is run again still has the end of its last attempt.
    const endedAt = hasEnded(experiment) ? timeOf(experiment.completedAt) : undefined;
    const folder = path.dirname(this.#run.path);
    const traces = await tracesOf(folder, experiment.name, { startedAt, maxAgeSeconds: this.#ageFor(entry) });
    const results = await this.#results.read({
      registry: this.#run.path,
      root: this.#run.root,
      named: experiment.resultFile,
      folder: traces.folders[0],
    });
    const writtenAt = experiment.status === 'running' ? await latestChange(traces.logs) : undefined;
    const facts: RunFacts = {
      ...experimentStatus({ experiment, startedAt, writtenAt, now: this.#now() }),
      ...entryFacts(experiment, startedAt, endedAt),
      ...placeFacts(this.#run.path, entry, traces, results),
    };
    return { facts, figures: figuresOf(entry, results.files, endedAt), problems: results.problems };
  }
}

/** An experiment that does not run makes no new files, so its folder is seldom listed again. */
const restFactor = 20;

function entryFacts(
  experiment: RegistryExperiment,
  startedAt: number | undefined,
  endedAt: number | undefined,
): RunFacts {
  const labels = [
    ...(experiment.markedForRerun ? ['marked for re-run'] : []),
    ...(experiment.retryCount > 0 ? [`attempt ${experiment.retryCount + 1}`] : []),
    ...(experiment.errorCategory === undefined || experiment.status !== 'failed' ? [] : [experiment.errorCategory]),
  ];
  return {
    name: experiment.name,
    trackerLabels: labels,
    ...(startedAt === undefined ? {} : { createdAt: startedAt, startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(experiment.gpu === undefined ? {} : { device: `GPU ${experiment.gpu}` }),
    ...(Object.keys(experiment.metrics).length === 0
      ? {}
      : { summary: plainNumbers(experiment.metrics) as JsonObject }),
  };
}

function placeFacts(registry: string, entry: RegistryEntry, traces: Traces, results: Results): RunFacts {
  const config = plainNumbers(configOf(entry, results.files)) as JsonObject;
  const outputs = [...traces.folders.slice(0, 1), ...results.files.map((file) => file.path)];
  return {
    cwd: path.dirname(path.dirname(registry)),
    configFiles: [registry],
    ...(Object.keys(config).length === 0 ? {} : { config }),
    ...(outputs.length === 0 ? {} : { outputs }),
    ...(traces.inside.length === 0 ? {} : { shows: traces.inside }),
    ...(traces.logs.length === 0
      ? {}
      : {
          console: traces.logs.map((file) => ({
            title: path.relative(path.dirname(registry), file).split(path.sep).join('/'),
            file,
            encoding: 'text' as const,
          })),
        }),
  };
}

/** A tree without the numbers that JSON cannot hold. */
function plainNumbers(value: Json): Json {
  if (typeof value === 'number') return jsonNumber(value);
  if (Array.isArray(value)) return value.map((item) => plainNumbers(item as Json));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainNumbers(item as Json)]));
}

function hasEnded({ status }: RegistryExperiment): boolean {
  return status !== 'running' && status !== 'pending';
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseLocalTime(text);
}

/** Tells whether the rows of an attempt are those that were given. NaN and infinities count as what they are. */
function fingerprint(figures: readonly Figure[], attempt: string | undefined): string {
  const text = figures.map(
    ({ tag, step, wallTime, value }) => `${tag}\0${step}\0${wallTime}\0${Object.is(value, -0) ? '-0' : value}`,
  );
  return createHash('sha256')
    .update([attempt ?? '', ...text].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

function rowsIn(cursor: ReaderCursor | undefined): string | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const { version: found, rows } = cursor as { readonly version?: unknown; readonly rows?: unknown };
  return found === version && typeof rows === 'string' ? rows : undefined;
}
