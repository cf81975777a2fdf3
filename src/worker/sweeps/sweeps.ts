import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import { AppError, describeError } from '../../base/errors.ts';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { RunId } from '../../domain/ids.ts';
import type { FailureGroup, Sweep, SweepRequest, Trial } from '../../domain/sweep.ts';
import { runNameProblem } from '../../launch/runName.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import { drawTrial, planSweep } from '../../scheduler/search/sweepPlan.ts';
import type { StoredSweep, StoredTrial, SweepTable } from '../../store/sweepTable.ts';
import type { LaunchedRun } from '../launching/prepared.ts';
import { freeName } from '../launching/resolveLaunch.ts';
import { editedArguments } from './editedArguments.ts';
import { failureGroups, type LedgerSources, sweepOf } from './ledger.ts';

/** Changes that come close together are looked at once. */
const followMs = 200;
/** Without a limit of its own a sweep keeps so many trials in the queue; the others wait in its ledger. */
const trialsAhead = 16;
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

/** Which trials are launched again. */
export type Relaunch = 'failed' | 'missing' | 'timed-out' | readonly number[];

/**
 * Sweeps and their ledgers. What is to be launched stands in the ledger before it is, under a request id that follows from sweep, trial and attempt:
 * a worker that starts again goes on, and nothing is launched twice.
 */
export class Sweeps extends Disposables {
  readonly #options: SweepsOptions;
  readonly #stored = new Map<string, StoredSweep>();
  readonly #told = new Map<string, string>();
  readonly #sweepOfRun = new Map<RunId, string>();
  /** Runs whose last values are being read. */
  readonly #reading = new Set<RunId>();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SweepsOptions) {
    super();
    this.#options = options;
    for (const sweep of options.table.all()) this.#keep(sweep);
    this.add(options.scheduler.onChanged(() => this.#soon()));
    this.add(options.scheduler.onEnded(({ job }) => void this.#noteEnd(job.runId)));
    this.onDispose(() => clearTimeout(this.#timer));
  }

  /** Goes on with what an earlier worker left. */
  start(): void {
    for (const { trials } of this.#stored.values())
      for (const { runs, value } of trials)
        if (value === undefined && runs.length > 0) void this.#noteEnd(runs.at(-1)!);
    this.#soon();
  }

  list(folder?: string): readonly Sweep[] {
    const listed = [...this.#stored.values()].filter((sweep) => folder === undefined || sweep.folder === folder);
    return listed.map((sweep) => this.#view(sweep));
  }

  /** Throws `not-found`. */
  get(id: string): Sweep {
    return this.#view(this.#find(id));
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
    const known = this.#stored.get(request.requestId);
    if (known !== undefined) return this.get(known.id);
    const { problems } = this.preview(request);
    if (problems.length > 0)
      throw new AppError('bad-config', problems.join(' '), { hint: 'Correct it and start again.' });
    const { trials, total } = planSweep(request);
    const sweep: StoredSweep = {
      id: request.requestId,
      name: this.#freeName(request),
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
    this.#options.table.add(sweep);
    this.#keep(sweep);
    this.#soon();
    return this.get(sweep.id);
  }

  /** A paused sweep launches nothing, and its jobs that wait are held; what runs goes on. */
  pause(id: string, paused: boolean): Sweep {
    const sweep = this.#find(id);
    this.#options.table.setPaused(id, paused);
    this.#stored.set(id, { ...sweep, paused });
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
    const before = this.#options.table.startedBy(requestId);
    if (before !== undefined) return { sweep: this.get(id), started: before };
    const sweep = this.#find(id);
    const chosen = chosenTrials(this.get(id), which);
    const changed = sweep.trials.filter(({ index }) => chosen.has(index)).map((trial) => nextOf(trial, which, edits));
    this.#options.table.saveTrials(id, changed, requestId);
    this.#replace(id, changed);
    this.#soon();
    return { sweep: this.get(id), started: changed.length };
  }

  /** A run was launched again by its own policy: where it is a trial's, the new run belongs to the same trial. */
  adoptRetry(failed: RunId, retry: RunId): void {
    const id = this.#sweepOfRun.get(failed);
    const trial = id === undefined ? undefined : this.#find(id).trials.find(({ runs }) => runs.includes(failed));
    if (id === undefined || trial === undefined || trial.runs.includes(retry)) return;
    const { value: _, ...rest } = trial;
    this.#save(id, { ...rest, runs: [...trial.runs, retry] });
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
    for (const id of [...this.#stored.keys()]) {
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
      const sweep = this.#find(id);
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
    if (drawn !== trial) this.#save(sweep.id, drawn);
    const { next: _, value: _value, refused: _refused, ...launched } = drawn;
    try {
      const { runId } = await this.#options.launch(await this.#requestOf(sweep, drawn));
      this.#save(sweep.id, { ...launched, runs: [...drawn.runs, runId] });
    } catch (error) {
      // The others may be launched all the same; this one is missing, and can be filled in.
      const message = `It could not be launched: ${describeError(error)}`;
      this.#save(sweep.id, { ...launched, refused: { kind: 'bad-config', message, signature: message } });
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

  async #requestOf(sweep: StoredSweep, trial: StoredTrial): Promise<CommandLaunchRequest> {
    const { launch, concurrency } = sweep.request;
    const { edits, resume } = trial.next ?? { edits: [] };
    const checkpoint = resume === undefined ? undefined : await this.#options.lastCheckpoint(resume);
    const parent = trial.runs.at(-1);
    const limit = concurrency ?? (sweep.request.search === 'tpe' ? 1 : undefined);
    return {
      ...launch,
      requestId: `${sweep.id}:${trial.index}:${trial.runs.length}`,
      name: freeName(path.resolve(launch.folder, launch.runsFolder ?? 'runs'), runName(sweep, trial)),
      arguments: editedArguments([...launch.arguments, ...trial.overrides], edits),
      labels: [...new Set([...(launch.labels ?? []), sweep.name])],
      group: sweep.id,
      ...(limit === undefined ? {} : { groupLimit: limit }),
      ...(parent === undefined ? {} : { parent }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
  }

  /** A trial's run has ended: its last value is read and kept, since the run may be deleted. */
  async #noteEnd(runId: RunId): Promise<void> {
    const id = this.#sweepOfRun.get(runId);
    const metric = id === undefined ? undefined : this.#find(id).request.metric;
    if (id === undefined) return;
    this.#reading.add(runId);
    await this.#options.read(runId).catch(() => {});
    this.#reading.delete(runId);
    if (this.isDisposed) return;
    const value = metric === undefined ? undefined : this.#options.sources.value(runId, metric);
    const trial = this.#find(id).trials.find(({ runs }) => runs.at(-1) === runId);
    const hasEnded = this.#options.sources.run(runId)?.job.state === 'done';
    if (trial !== undefined && value !== undefined && hasEnded) this.#save(id, { ...trial, value });
    this.#soon();
  }

  #view(sweep: StoredSweep): Sweep {
    return sweepOf(sweep, this.#options.sources);
  }

  #freeName({ name, launch, requestId }: SweepRequest): string {
    if (name === undefined) {
      const stem = (launch.name ?? 'sweep').slice(0, 60);
      return `${stem}-${requestId
        .slice(-6)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, 'x')}`;
    }
    const taken = new Set(this.list(launch.folder).map((sweep) => sweep.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
    return free;
  }

  #keep(sweep: StoredSweep): void {
    this.#stored.set(sweep.id, sweep);
    for (const { runs } of sweep.trials) for (const run of runs) this.#sweepOfRun.set(run, sweep.id);
  }

  #save(id: string, trial: StoredTrial): void {
    this.#options.table.saveTrials(id, [trial]);
    this.#replace(id, [trial]);
  }

  #replace(id: string, changed: readonly StoredTrial[]): void {
    const sweep = this.#find(id);
    const byIndex = new Map(changed.map((trial) => [trial.index, trial]));
    this.#keep({ ...sweep, trials: sweep.trials.map((trial) => byIndex.get(trial.index) ?? trial) });
  }

  #find(id: string): StoredSweep {
    const sweep = this.#stored.get(id);
    if (sweep !== undefined) return sweep;
    throw new AppError('not-found', `There is no sweep ${id}.`, { hint: 'Look at the list of sweeps again.' });
  }
}

/** How many trials are in the queue at once: those that may run, and a few behind them. A search that learns waits for what it learns from. */
function roomOf({ search, concurrency }: SweepRequest): number {
  if (search === 'tpe') return concurrency ?? 1;
  return concurrency === undefined ? trialsAhead : concurrency + 2;
}

/** "lr-t007"; what comes behind a dash is counted up by the next attempt. */
function runName({ name, request, trials }: StoredSweep, { index, runs }: StoredTrial): string {
  const digits = String(Math.max(trials.length, request.trials ?? 0)).length;
  const number = `t${String(index).padStart(digits, '0')}`;
  return runs.length === 0 ? `${name}-${number}` : `${name}-${number}-${runs.length + 1}`;
}

function chosenTrials(sweep: Sweep, which: Relaunch): ReadonlySet<number> {
  if (typeof which !== 'string') {
    const unknown = which.find((index) => sweep.trials[index] === undefined);
    if (unknown !== undefined) throw new AppError('not-found', `${sweep.name} has no trial ${unknown}.`);
    const active = which.find((index) => ['waiting', 'running'].includes(sweep.trials[index]!.state));
    if (active !== undefined)
      throw new AppError('conflict', `Trial ${active} of ${sweep.name} has not ended.`, {
        hint: 'Stop its run first.',
      });
    return new Set(which);
  }
  const fits: { readonly [W in Exclude<Relaunch, readonly number[]>]: (trial: Trial) => boolean } = {
    failed: ({ state }) => state === 'failed',
    missing: ({ state }) => state === 'missing',
    'timed-out': ({ state, failure }) =>
      state === 'failed' && (failure?.kind === 'time-limit' || failure?.kind === 'pre-empted'),
  };
  return new Set(sweep.trials.filter(fits[which]).map(({ index }) => index));
}

function nextOf(trial: StoredTrial, which: Relaunch, edits: readonly string[]): StoredTrial {
  const { value: _, ...rest } = trial;
  const last = trial.runs.at(-1);
  const resume = which === 'timed-out' && last !== undefined ? { resume: last } : {};
  return { ...rest, next: { edits, ...resume } };
}
