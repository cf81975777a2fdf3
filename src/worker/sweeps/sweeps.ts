import { Disposables } from '../../base/disposables.ts';
import { AppError, describeError } from '../../base/errors.ts';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { RunId } from '../../domain/ids.ts';
import type { FailureGroup, Sweep, SweepRequest } from '../../domain/sweep.ts';
import { runNameProblem } from '../../launch/runName.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import { drawTrial, planSweep } from '../../scheduler/search/sweepPlan.ts';
import type { StoredSweep, StoredTrial, SweepTable } from '../../store/sweepTable.ts';
import type { LaunchedRun } from '../launching/prepared.ts';
import { failureGroups, type LedgerSources, sweepOf } from './ledger.ts';
import { chosenTrials, nextOf, type Relaunch } from './relaunch.ts';
import { SweepBook } from './sweepBook.ts';
import { roomOf, trialRequest } from './trialRequest.ts';

/** Changes that come close together are looked at once. */
const followMs = 200;
const preview = 200;

export interface SweepsOptions {
  readonly table: SweepTable;
  readonly scheduler: Pick<Scheduler, 'onChanged' | 'onEnded' | 'holdGroup'>;
  readonly sources: LedgerSources;
  /** Launches a run and waits until it is listed. */
  readonly launch: (request: CommandLaunchRequest) => Promise<LaunchedRun>;
  /** Reads a run's files now, so that its last values are known. */
  readonly read: (runId: RunId) => Promise<void>;
  /** The last checkpoint of a run that its program can go on from. */
  readonly lastCheckpoint: (runId: RunId) => Promise<string | undefined>;
  readonly tell: (sweep: Sweep) => void;
  readonly complain: (message: string) => void;
}

/**
 * Sweeps and their ledgers. What is to be launched stands in the ledger before it is, under a request id that follows from sweep, trial and attempt:
 * a worker that starts again goes on, and nothing is launched twice.
 */
export class Sweeps extends Disposables {
  readonly #options: SweepsOptions;
  readonly #book: SweepBook;
  readonly #told = new Map<string, string>();
  /** Runs whose last values are being read. */
  readonly #reading = new Set<RunId>();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SweepsOptions) {
    super();
    this.#options = options;
    this.#book = new SweepBook(options.table);
    this.add(options.scheduler.onChanged(() => this.#soon()));
    this.add(options.scheduler.onEnded(({ job }) => void this.#noteEnd(job.runId)));
    this.onDispose(() => clearTimeout(this.#timer));
  }

  /** Goes on with what an earlier worker left. */
  start(): void {
    for (const { trials } of this.#book.all())
      for (const { runs, value } of trials)
        if (value === undefined && runs.length > 0) void this.#noteEnd(runs.at(-1)!);
    this.#soon();
  }

  list(folder?: string): readonly Sweep[] {
    const listed = this.#book.all().filter((sweep) => folder === undefined || sweep.folder === folder);
    return listed.map((sweep) => this.#view(sweep));
  }

  /** Throws `not-found`. */
  get(id: string): Sweep {
    return this.#view(this.#book.get(id));
  }

  /** Trials that a request means, and what is wrong with it. */
  preview(request: SweepRequest): {
    trials: readonly (readonly string[])[];
    total: number;
    problems: readonly string[];
  } {
    const { trials, total, problems } = planSweep(request);
    const named = request.name === undefined ? undefined : runNameProblem(request.name);
    return { trials: trials.slice(0, preview), total, problems: named === undefined ? problems : [...problems, named] };
  }

  /** Writes the ledger, then begins to launch. The same request gives the same sweep. Throws `bad-config` with every problem. */
  begin(request: SweepRequest): Sweep {
    if (this.#book.has(request.requestId)) return this.get(request.requestId);
    const { problems } = this.preview(request);
    if (problems.length > 0)
      throw new AppError('bad-config', problems.join(' '), { hint: 'Correct it and start again.' });
    const { trials, total } = planSweep(request);
    const sweep: StoredSweep = {
      id: request.requestId,
      name: this.#book.freeName(request),
      folder: request.launch.folder,
      createdAt: Date.now() / 1000,
      paused: false,
      request,
      trials: Array.from({ length: total }, (_, index) => ({
        index,
        overrides: trials[index] ?? [],
        runs: [],
        next: { edits: [] },
      })),
    };
    this.#book.add(sweep);
    this.#soon();
    return this.get(sweep.id);
  }

  /** A paused sweep launches nothing, and its jobs that wait are held; what runs goes on. */
  pause(id: string, paused: boolean): Sweep {
    this.#book.setPaused(id, paused);
    this.#options.scheduler.holdGroup(id, paused);
    this.#soon();
    return this.get(id);
  }

  failures(id: string): readonly FailureGroup[] {
    return failureGroups(this.get(id));
  }

  /** Marks trials to be launched again, once per request id. Throws `not-found` for numbers that the sweep does not have. */
  relaunch(
    id: string,
    which: Relaunch,
    edits: readonly string[],
    requestId: string,
  ): { sweep: Sweep; started: number } {
    const before = this.#book.startedBy(requestId);
    if (before !== undefined) return { sweep: this.get(id), started: before };
    const sweep = this.#book.get(id);
    const chosen = chosenTrials(this.get(id), which);
    const changed = sweep.trials.filter(({ index }) => chosen.has(index)).map((trial) => nextOf(trial, which, edits));
    this.#book.save(id, changed, requestId);
    this.#soon();
    return { sweep: this.get(id), started: changed.length };
  }

  /** A run was launched again by its own policy: where it is a trial's, the new run belongs to the same trial. */
  adoptRetry(failed: RunId, retry: RunId): void {
    const sweep = this.#book.ofRun(failed);
    const trial = sweep?.trials.find(({ runs }) => runs.includes(failed));
    if (sweep === undefined || trial === undefined || trial.runs.includes(retry)) return;
    const { value: _, ...rest } = trial;
    this.#book.save(sweep.id, [{ ...rest, runs: [...trial.runs, retry] }]);
    this.#soon();
  }

  /** Resolves when everything that is due has been launched. For tests. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #soon(): void {
    if (this.isDisposed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work = this.#work
        .then(() => this.#advanceAll())
        .catch((error) => this.#options.complain(describeError(error)));
    }, followMs);
  }

  async #advanceAll(): Promise<void> {
    for (const { id } of this.#book.all()) {
      await this.#advance(id);
      this.#tellChange(id);
    }
  }

  #tellChange(id: string): void {
    if (this.isDisposed) return;
    const sweep = this.get(id);
    const text = JSON.stringify([sweep.paused, sweep.trials]);
    if (this.#told.get(id) === text) return;
    this.#told.set(id, text);
    this.#options.tell(sweep);
  }

  /** Launches trials while there is room for them. */
  async #advance(id: string): Promise<void> {
    for (;;) {
      const sweep = this.#book.get(id);
      const trial = sweep.trials.find(({ next }) => next !== undefined);
      if (this.isDisposed || sweep.paused || trial === undefined || this.#mustWait(sweep)) return;
      await this.#launch(sweep, trial);
      this.#tellChange(id);
    }
  }

  #mustWait(sweep: StoredSweep): boolean {
    if (this.#underWay(sweep) >= roomOf(sweep.request)) return true;
    // A search that learns does not draw before it knows what the last trial gave.
    return sweep.request.search === 'tpe' && sweep.trials.some(({ runs }) => this.#reading.has(runs.at(-1) as RunId));
  }

  #underWay(sweep: StoredSweep): number {
    const { trials } = this.#view(sweep);
    return trials.filter(
      ({ state, index }) => (state === 'waiting' || state === 'running') && sweep.trials[index]?.next === undefined,
    ).length;
  }

  async #launch(sweep: StoredSweep, trial: StoredTrial): Promise<void> {
    const drawn = trial.overrides.length > 0 ? trial : { ...trial, overrides: this.#draw(sweep, trial.index) };
    // Drawn once for ever: a search that is cut off here must not draw another point for the same trial.
    if (drawn !== trial) this.#book.save(sweep.id, [drawn]);
    const { next: _, value: _value, refused: _refused, ...launched } = drawn;
    try {
      const resume = drawn.next?.resume;
      const checkpoint = resume === undefined ? undefined : await this.#options.lastCheckpoint(resume);
      const { runId } = await this.#options.launch(trialRequest(sweep, drawn, checkpoint));
      this.#book.save(sweep.id, [{ ...launched, runs: [...drawn.runs, runId] }]);
    } catch (error) {
      // The others may be launched all the same; this one is missing, and can be filled in.
      const message = `It could not be launched: ${describeError(error)}`;
      this.#book.save(sweep.id, [{ ...launched, refused: { kind: 'bad-config', message, signature: message } }]);
      this.#options.complain(`Trial ${trial.index} of ${sweep.name}: ${message}`);
    }
  }

  #draw(sweep: StoredSweep, index: number): readonly string[] {
    const earlier = this.#view(sweep).trials.filter(({ overrides }) => overrides.length > 0);
    return drawTrial(
      sweep.request,
      index,
      earlier.map(({ overrides, state, value }) =>
        state === 'done' && value !== undefined ? { overrides, value } : { overrides },
      ),
    );
  }

  /** A trial's run has ended: its last value is read and kept, since the run may be deleted. */
  async #noteEnd(runId: RunId): Promise<void> {
    const sweep = this.#book.ofRun(runId);
    if (sweep === undefined) return;
    const { id, request } = sweep;
    this.#reading.add(runId);
    await this.#options.read(runId).catch(() => {});
    this.#reading.delete(runId);
    if (this.isDisposed) return;
    const value = request.metric === undefined ? undefined : this.#options.sources.value(runId, request.metric);
    const trial = this.#book.get(id).trials.find(({ runs }) => runs.at(-1) === runId);
    const hasEnded = this.#options.sources.run(runId)?.job.state === 'done';
    if (trial !== undefined && value !== undefined && hasEnded) this.#book.save(id, [{ ...trial, value }]);
    this.#soon();
  }

  #view(sweep: StoredSweep): Sweep {
    return sweepOf(sweep, this.#options.sources);
  }
}
