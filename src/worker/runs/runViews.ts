import { Emitter } from '../../base/emitter.ts';
import { AppError } from '../../base/errors.ts';
import type { JobId, RunId } from '../../domain/ids.ts';
import { isActive, type RunDetail, type RunStatus, type RunSummary } from '../../domain/run.ts';
import type { EndedJob, Scheduler } from '../../scheduler/scheduler.ts';
import type { Marks, MarkTable } from '../../store/markTable.ts';
import type { Clients } from '../clients.ts';
import { isInside } from './folders.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunCatalog } from './runCatalog.ts';
import { foundRunId } from './runIds.ts';
import { detailOf, type JobFacts, noMarks } from './summary.ts';
import { SummaryCache } from './summaryCache.ts';

/** How a run that Trainyard saw alive may end, so that people are told. */
const endings: ReadonlySet<RunStatus> = new Set(['finished', 'stopped', 'failed', 'killed', 'lost']);

/** Runs as clients see them: files, queue and the user's words in one. */
export class RunViews {
  readonly #catalog: RunCatalog;
  readonly #marks: MarkTable;
  readonly #scheduler: Scheduler;
  readonly #clients: Clients;
  readonly #marksByRun: Map<RunId, Marks>;
  readonly #stopAsked = new Set<RunId>();
  readonly #endings = new Map<RunId, string>();
  readonly #told = new Map<RunId, RunStatus>();
  /** Runs of which the end was told at their first sight. */
  readonly #endsTold = new Set<RunId>();
  readonly #startedAt = Date.now() / 1000;
  readonly #summaries = new SummaryCache();
  readonly #statusChanged = new Emitter<RunSummary>();

  /** Fires when a run's status has become another one. */
  readonly onStatus = this.#statusChanged.event;

  constructor(catalog: RunCatalog, marks: MarkTable, scheduler: Scheduler, clients: Clients) {
    this.#catalog = catalog;
    this.#marks = marks;
    this.#scheduler = scheduler;
    this.#clients = clients;
    this.#marksByRun = new Map(marks.all());
    for (const run of catalog.all()) this.#told.set(run.id, this.summary(run).status);
  }

  /** The run of an id. Throws `not-found`. */
  find(runId: RunId): LiveRun {
    const run = this.#catalog.get(runId);
    if (run !== undefined) return run;
    throw new AppError('not-found', `There is no run ${runId}.`, {
      hint: 'It may have been deleted; look at the list again.',
    });
  }

  summary(run: LiveRun): RunSummary {
    return this.#summaries.summary(run, this.#marksOf(run), this.#jobFacts(run.id));
  }

  detail(run: LiveRun): RunDetail {
    const detail = detailOf(run, this.summary(run));
    return { ...detail, definitions: this.#catalog.definitionsOf(run) };
  }

  /** Runs below a folder, or all, in no order. */
  list(folder: string | undefined, includeArchived: boolean): readonly RunSummary[] {
    const listed: RunSummary[] = [];
    for (const run of this.#catalog.all()) {
      if (folder !== undefined && run.found.root !== folder && !isInside(run.found.path, folder)) continue;
      const summary = this.summary(run);
      if (includeArchived || !summary.archived) listed.push(summary);
    }
    return listed;
  }

  /** The same list for sending: what has not changed since it was last sent is not encoded again. */
  listForSending(folder: string | undefined, includeArchived: boolean): readonly RunSummary[] {
    return this.#summaries.encoded(this.list(folder, includeArchived));
  }

  update(runId: RunId, change: Partial<Marks>): RunSummary {
    const run = this.find(runId);
    const marks: Marks = { ...this.#marksOf(run), ...change };
    // An empty name gives the run its own one back.
    const { name, ...rest } = marks;
    const kept = name === undefined || name.trim() === '' ? rest : { ...rest, name };
    this.#marks.save(runId, kept);
    this.#marksByRun.set(runId, kept);
    this.changed(run);
    return this.summary(run);
  }

  /** Somebody asked for the run's end. */
  noteStop(runId: RunId): void {
    this.#stopAsked.add(runId);
    this.jobChanged(runId);
  }

  noteEnd({ job, presence }: EndedJob): void {
    this.#stopAsked.delete(job.runId);
    if (presence.kind === 'lost') this.#endings.set(job.runId, presence.detail);
    this.jobChanged(job.runId);
  }

  /** The queue knows something new of the run. */
  jobChanged(runId: RunId): void {
    const run = this.#catalog.get(runId);
    if (run !== undefined) this.changed(run);
  }

  /** Tells the clients how the run is now, and apart from that when it ended. */
  changed(run: LiveRun): void {
    const summary = this.summary(run);
    const before = this.#told.get(run.id);
    this.#told.set(run.id, summary.status);
    this.#clients.runChanged(summary);
    if (before === summary.status) return;
    this.#statusChanged.fire(summary);
    const wasActive = before === undefined ? this.#endedUnseen(run.id) : isActive(before);
    if (!wasActive || !endings.has(summary.status)) return;
    this.#clients.flush();
    this.#clients.tell('run.ended', { run: summary }, summary.path);
  }

  /** A job of this worker may end before anybody looked at its run for the first time. */
  #endedUnseen(runId: RunId): boolean {
    const endedAt = this.#scheduler.find(runId as string as JobId)?.endedAt;
    if (endedAt === undefined || endedAt < this.#startedAt || this.#endsTold.has(runId)) return false;
    this.#endsTold.add(runId);
    return true;
  }

  removed(run: LiveRun): void {
    this.#told.delete(run.id);
    this.#summaries.drop(run.id);
    this.#clients.runRemoved(run.id, run.found.path);
  }

  /** What the user said of the run; else what was said of one of its places while that stood for itself. */
  #marksOf({ id, found }: LiveRun): Marks {
    const own = this.#marksByRun.get(id);
    if (own !== undefined || found.parts === undefined) return own ?? noMarks;
    for (const part of found.parts) {
      const marks = this.#marksByRun.get(foundRunId(part));
      if (marks !== undefined) return marks;
    }
    return noMarks;
  }

  #jobFacts(runId: RunId): JobFacts | undefined {
    const job = this.#scheduler.find(runId as string as JobId);
    if (job === undefined) return undefined;
    const ending = this.#endings.get(runId);
    return { job, stopAsked: this.#stopAsked.has(runId), ...(ending === undefined ? {} : { ending }) };
  }
}
