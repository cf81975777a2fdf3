import type { Disposable } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import {
  type FoundRun,
  type MediaRecord,
  type PollResult,
  placeKey,
  type RunPlace,
  type ScalarBatch,
} from '../../domain/records.ts';
import type { Database } from '../../store/database.ts';
import { MediaTable } from '../../store/mediaTable.ts';
import { RunTable } from '../../store/runTable.ts';
import { SeriesTable } from '../../store/seriesTable.ts';
import { logLine } from '../log.ts';
import { isSameFinding, LiveRun, type RunChange } from './liveRun.ts';
import { ProjectMetrics } from './projectMetrics.ts';
import { foundRunId } from './runIds.ts';
import { SeriesCache } from './seriesCache.ts';

const flushMs = 1_000;
const retryMs = 5_000;
/** So many points are written at once, without waiting for the clock. */
const flushPoints = 200_000;

/** All runs that the worker knows, in memory and in the database. What was read and where its reader goes on are written in one transaction. */
export class RunCatalog implements Disposable {
  readonly #database: Database;
  readonly #runs: RunTable;
  readonly #series: SeriesTable;
  readonly #media: MediaTable;
  readonly #cache: SeriesCache;
  readonly #projectMetrics = new ProjectMetrics();
  readonly #byId = new Map<RunId, LiveRun>();
  readonly #byPlace = new Map<string, LiveRun>();
  #flushTimer: NodeJS.Timeout | undefined;

  constructor(database: Database, cacheBytes?: number) {
    this.#database = database;
    this.#runs = new RunTable(database);
    this.#series = new SeriesTable(database);
    this.#media = new MediaTable(database);
    this.#cache = new SeriesCache(this.#series, cacheBytes);
    for (const row of this.#runs.each()) this.#insert(new LiveRun(row, this.#series));
  }

  get cache(): SeriesCache {
    return this.#cache;
  }

  all(): Iterable<LiveRun> {
    return this.#byId.values();
  }

  get(id: RunId): LiveRun | undefined {
    return this.#byId.get(id);
  }

  /** The run whose own place this is. */
  at(place: RunPlace): LiveRun | undefined {
    return this.#byPlace.get(placeKey(place));
  }

  /** The run of that place was found with another name or root, or with other parts. */
  regroup(found: FoundRun): void {
    const run = this.at(found);
    if (run === undefined || isSameFinding(run.found, found)) return;
    run.regroup(found);
    this.#flushSoon(false);
  }

  /** Takes in a poll; a run that is not known yet is added first. `isFill`: the answer brings what was only skimmed before. Undefined for `change` means that the run is new. */
  apply(
    found: FoundRun,
    poll: PollResult & { readonly digest?: Uint8Array },
    isFill = false,
  ): { readonly run: LiveRun; readonly isNew: boolean; readonly change: RunChange } {
    const known = this.at(found);
    const run = known ?? this.#add(found, poll);
    if (isFill) {
      run.fill();
      this.#cache.drop(run.id);
    }
    const change = run.apply(poll, (own) => this.#projectMetrics.definitionsFor(found.root, own));
    if (change.reset) this.#cache.drop(run.id);
    for (const batch of poll.scalars) this.#cache.append(run.id, batch);
    if (run.isDirty) this.#flushSoon(run.pendingPoints > flushPoints);
    return { run, isNew: known === undefined, change };
  }

  /** What is known of a run's metrics: from its own files, and from the trainyard.yaml of its folder. */
  definitionsOf(run: LiveRun): readonly MetricDefinition[] {
    return this.#projectMetrics.definitionsFor(run.found.root, run.facts.definitions ?? []);
  }

  /** Forgets a run whose directory is gone. */
  remove(run: LiveRun): void {
    this.#byId.delete(run.id);
    this.#byPlace.delete(placeKey(run.found));
    this.#cache.drop(run.id);
    this.#runs.remove(run.id);
  }

  media(run: LiveRun, tag?: string): readonly MediaRecord[] {
    const stored = run.hasPendingReset ? [] : this.#media.list(run.id, tag);
    const pending = run.pendingMedia.filter((record) => tag === undefined || record.tag === tag);
    return [...stored, ...pending];
  }

  mediaAt(run: LiveRun, tag: string, step: number, index: number): MediaRecord | undefined {
    const pending = run.pendingMedia.findLast(
      (record) => record.tag === tag && record.step === step && record.index === index,
    );
    if (pending !== undefined || run.hasPendingReset) return pending;
    return this.#media.find(run.id, tag, step, index);
  }

  /** Writes everything that is not in the database yet. False where it could not be written; it is kept and tried again. */
  flush(): boolean {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const dirty = [...this.#byId.values()].filter((run) => run.isDirty);
    if (dirty.length === 0) return true;
    try {
      this.#database.transaction(() => {
        for (const run of dirty) this.#write(run);
      });
    } catch (error) {
      logLine(`The database cannot be written, which is tried again: ${(error as Error).message}`);
      this.#flushTimer = setTimeout(() => this.flush(), retryMs);
      return false;
    }
    for (const run of dirty) run.saved();
    return true;
  }

  dispose(): void {
    this.flush();
    clearTimeout(this.#flushTimer);
  }

  #write(run: LiveRun): void {
    const { reset, digest, series, media } = run.pending();
    this.#runs.save(run.row());
    if (reset) {
      this.#series.clear(run.id);
      this.#media.clear(run.id);
    }
    if (digest !== undefined) this.#series.keepDigest(run.id, digest);
    for (const { row, batches } of series) this.#series.append(run.id, row, joined(row.info.tag, batches));
    this.#media.append(run.id, media);
  }

  #add(found: FoundRun, poll: PollResult): LiveRun {
    const own = poll.facts.id;
    // A copied run directory carries the id of the original; only one place can have it.
    const id = own !== undefined && !this.#byId.has(own) ? own : foundRunId(found);
    const empty = { facts: {}, problems: [], glance: { metrics: [], sparkline: [] }, cursor: undefined };
    const run = new LiveRun({ id, ...found, foundAt: Date.now() / 1000, ...empty }, this.#series);
    this.#insert(run);
    return run;
  }

  #insert(run: LiveRun): void {
    this.#byId.set(run.id, run);
    this.#byPlace.set(placeKey(run.found), run);
  }

  #flushSoon(now: boolean): void {
    if (now) this.flush();
    else this.#flushTimer ??= setTimeout(() => this.flush(), flushMs);
  }
}

/** Many small batches of a tag as one. */
function joined(tag: string, batches: readonly ScalarBatch[]): ScalarBatch | undefined {
  if (batches.length <= 1) return batches[0];
  const length = batches.reduce((sum, { values }) => sum + values.length, 0);
  const [steps, wallTimes, values] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  let at = 0;
  for (const batch of batches) {
    steps.set(batch.steps, at);
    wallTimes.set(batch.wallTimes, at);
    values.set(batch.values, at);
    at += batch.values.length;
  }
  return { tag, steps, wallTimes, values };
}
