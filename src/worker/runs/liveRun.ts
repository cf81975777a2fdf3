import type { RunId } from '../../domain/ids.ts';
import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import type {
  FoundRun,
  MediaRecord,
  PollResult,
  ReaderCursor,
  ReaderProblem,
  RunFacts,
  ScalarBatch,
} from '../../domain/records.ts';
import { unpackDigest } from '../../store/digest.ts';
import type { Glance, RunRow } from '../../store/runTable.ts';
import type { SeriesRow, SeriesTable } from '../../store/seriesTable.ts';
import { glanceOf } from './glance.ts';
import { withMedia, withScalars } from './seriesStats.ts';

const keptProblems = 50;

/** What one poll changed in a run. */
export interface RunChange {
  readonly reset: boolean;
  readonly tags: readonly string[];
  readonly media: boolean;
  /** Something that lists show is different. */
  readonly summary: boolean;
}

/** Rows that are not in the database yet. */
export interface PendingRows {
  readonly reset: boolean;
  /** The figures of all series of which no points are kept. */
  readonly digest: Uint8Array | undefined;
  readonly series: readonly { readonly row: SeriesRow; readonly batches: readonly ScalarBatch[] }[];
  readonly media: readonly MediaRecord[];
}

/** A run as the worker knows it: what the database holds, and what has been read since. */
export class LiveRun {
  readonly id: RunId;
  readonly #table: SeriesTable;
  readonly #foundAt: number;
  #found: FoundRun;
  #facts: RunFacts;
  #problems: readonly string[];
  #glance: Glance;
  #cursor: ReaderCursor | undefined;
  #series: Map<string, SeriesRow> | undefined;
  #pendingReset = false;
  #pendingBatches = new Map<string, ScalarBatch[]>();
  #pendingMedia: MediaRecord[] = [];
  #pendingPoints = 0;
  #dirty = false;
  /** Other places than before make up the run, so the next poll brings all of it. */
  #startsAnew = false;
  /** Only figures are kept; the points are in its files. */
  #skimmed: boolean;
  #pendingDigest: Uint8Array | undefined;
  #unloadWhenSaved = false;

  constructor(row: RunRow, table: SeriesTable) {
    this.id = row.id;
    this.#found = {
      source: row.source,
      path: row.path,
      ...(row.key === undefined ? {} : { key: row.key }),
      ...(row.parts === undefined ? {} : { parts: row.parts }),
      root: row.root,
      name: row.name,
    };
    this.#foundAt = row.foundAt;
    this.#facts = row.facts;
    this.#problems = row.problems;
    this.#glance = row.glance;
    this.#cursor = row.cursor;
    this.#skimmed = row.skimmed === true;
    this.#table = table;
  }

  get found(): FoundRun {
    return this.#found;
  }

  get facts(): RunFacts {
    return this.#facts;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  get glance(): Glance {
    return this.#glance;
  }

  get cursor(): ReaderCursor | undefined {
    return this.#cursor;
  }

  get foundAt(): number {
    return this.#foundAt;
  }

  /** Whether the points must be read again from the run's files before anybody can see them. */
  get isSkimmed(): boolean {
    return this.#skimmed;
  }

  /** Whether something is not in the database yet, and how many points. */
  get isDirty(): boolean {
    return this.#dirty;
  }

  get pendingPoints(): number {
    return this.#pendingPoints;
  }

  /** Every tag with its figures, in the order of first appearance. */
  get series(): ReadonlyMap<string, SeriesRow> {
    return this.#loadedSeries();
  }

  /** Wall time of the run's first point; NaN where it has none. */
  get firstWallTime(): number {
    let first = Number.NaN;
    // A table without times has tags that begin at no time.
    for (const { info } of this.#loadedSeries().values())
      if (!Number.isNaN(info.firstWallTime) && !(first <= info.firstWallTime)) first = info.firstWallTime;
    return first;
  }

  /** Points of a tag that the database does not hold yet, in file order. */
  pendingBatches(tag: string): readonly ScalarBatch[] {
    return this.#pendingBatches.get(tag) ?? [];
  }

  get hasPendingReset(): boolean {
    return this.#pendingReset;
  }

  /** Media that the database does not hold yet. */
  get pendingMedia(): readonly MediaRecord[] {
    return this.#pendingMedia;
  }

  /** Takes in that the same run was found with another name or root, or with other parts: then it is read anew, and what was read stays until that is done. */
  regroup(found: FoundRun): void {
    if (!haveSameParts(found, this.#found)) {
      this.#startsAnew = true;
      this.#cursor = undefined;
    }
    this.#found = found;
    this.#dirty = true;
  }

  /** Takes in what a poll brought. `definitionsFor` adds what else is known of the metrics. */
  apply(
    { digest, ...answer }: PollResult & { readonly digest?: Uint8Array },
    definitionsFor: (own: readonly MetricDefinition[]) => readonly MetricDefinition[] = (own) => own,
  ): RunChange {
    const poll = this.#startsAnew ? { ...answer, reset: true } : answer;
    this.#startsAnew = false;
    this.#unloadWhenSaved = false;
    if (poll.reset) this.#forgetRows();
    const figures = digest === undefined ? [] : this.#takeDigest(digest);
    for (const batch of poll.scalars) this.#takeScalars(batch);
    for (const record of poll.media) this.#takeMedia(record);
    const factsChanged = this.#mergeFacts(poll.facts);
    if (poll.problems.length > 0)
      this.#problems = [...this.#problems, ...poll.problems.map(describeProblem)].slice(-keptProblems);
    const tags = new Set([...poll.scalars, ...poll.media, ...figures.map(({ info }) => info)].map(({ tag }) => tag));
    const rowsChanged = poll.reset || tags.size > 0;
    if (rowsChanged || poll.facts.definitions !== undefined) {
      // Of a run that was only skimmed the rows are at hand; they are not kept.
      const rows = tags.size === figures.length && figures.length > 0 ? figures : this.#loadedSeries().values();
      this.#glance = glanceOf(rows, definitionsFor(this.#facts.definitions ?? []));
    }
    const moved = JSON.stringify(poll.cursor) !== JSON.stringify(this.#cursor);
    this.#cursor = poll.cursor;
    const changed = factsChanged || rowsChanged || poll.problems.length > 0;
    if (changed || moved) this.#dirty = true;
    return { reset: poll.reset, tags: [...tags], media: poll.media.length > 0, summary: changed };
  }

  /** Its points come in the next answer, which was read from the start: what was known of it before is in there too. */
  fill(): void {
    this.#forgetRows();
  }

  /** What the database must be given now. Call `saved` when it has it. */
  pending(): PendingRows {
    const media = new Set(this.#pendingMedia.map(({ tag }) => tag));
    const [reset, digest] = [this.#pendingReset, this.#pendingDigest];
    const tags = new Set([...this.#pendingBatches.keys(), ...media]);
    if (tags.size === 0) return { reset, digest, series: [], media: [] };
    const series = [...this.#loadedSeries().values()]
      .filter(({ info }) => tags.has(info.tag))
      .map((row) => ({ row, batches: this.pendingBatches(row.info.tag) }));
    return { reset, digest, series, media: this.#pendingMedia };
  }

  saved(): void {
    this.#pendingReset = false;
    this.#pendingBatches = new Map();
    this.#pendingMedia = [];
    this.#pendingPoints = 0;
    this.#pendingDigest = undefined;
    this.#dirty = false;
    if (this.#unloadWhenSaved) this.#series = undefined;
    this.#unloadWhenSaved = false;
  }

  row(): RunRow {
    return {
      id: this.id,
      ...this.#found,
      foundAt: this.#foundAt,
      facts: this.#facts,
      problems: this.#problems,
      glance: this.#glance,
      cursor: this.#cursor,
      ...(this.#skimmed ? { skimmed: true } : {}),
    };
  }

  /** Lets go of what the database can give again, as soon as it has it. */
  unload(): void {
    const isWaiting = this.#pendingBatches.size > 0 || this.#pendingMedia.length > 0;
    if (isWaiting) this.#unloadWhenSaved = true;
    else this.#series = undefined;
  }

  #loadedSeries(): Map<string, SeriesRow> {
    if (this.#series === undefined) {
      const stored = this.#pendingReset ? [] : this.#table.ofRun(this.id);
      const digest = this.#pendingDigest === undefined ? [] : unpackDigest(this.#pendingDigest);
      this.#series = new Map([...stored, ...digest].map((row) => [row.info.tag, row]));
    }
    return this.#series;
  }

  #forgetRows(): void {
    this.#series = new Map();
    this.#pendingReset = true;
    this.#pendingBatches = new Map();
    this.#pendingMedia = [];
    this.#pendingPoints = 0;
    this.#pendingDigest = undefined;
    this.#skimmed = false;
    this.#problems = [];
    // What the reader no longer tells does not hold any more either.
    this.#facts = {};
  }

  #takeDigest(digest: Uint8Array): readonly SeriesRow[] {
    const rows = unpackDigest(digest);
    if (this.#series !== undefined) for (const row of rows) this.#series.set(row.info.tag, row);
    this.#pendingDigest = rows.length === 0 ? undefined : digest;
    this.#skimmed = rows.length > 0;
    return rows;
  }

  #takeScalars(batch: ScalarBatch): void {
    if (batch.values.length === 0) return;
    const series = this.#loadedSeries();
    series.set(batch.tag, withScalars(series.get(batch.tag), batch));
    const pending = this.#pendingBatches.get(batch.tag);
    if (pending === undefined) this.#pendingBatches.set(batch.tag, [batch]);
    else pending.push(batch);
    this.#pendingPoints += batch.values.length;
  }

  #takeMedia(record: MediaRecord): void {
    const series = this.#loadedSeries();
    series.set(record.tag, withMedia(series.get(record.tag), record));
    this.#pendingMedia.push(record);
  }

  #mergeFacts(facts: RunFacts): boolean {
    const known = this.#facts as Record<string, unknown>;
    const changed = Object.entries(facts).filter(
      ([key, value]) => JSON.stringify(known[key]) !== JSON.stringify(value),
    );
    if (changed.length === 0) return false;
    this.#facts = { ...this.#facts, ...Object.fromEntries(changed) };
    return true;
  }
}

/** Whether two findings of a run name the same parts. */
export function haveSameParts({ parts: one }: FoundRun, { parts: other }: FoundRun): boolean {
  return one === other || JSON.stringify(one ?? []) === JSON.stringify(other ?? []);
}

/** Whether two findings of one place say the same of it. */
export function isSameFinding(one: FoundRun, other: FoundRun): boolean {
  return one.name === other.name && one.root === other.root && haveSameParts(one, other);
}

function describeProblem({ file, offset, message }: ReaderProblem): string {
  return offset === undefined ? `${file}: ${message}` : `${file}, byte ${offset}: ${message}`;
}
