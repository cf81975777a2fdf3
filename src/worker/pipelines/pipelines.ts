import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import { ulid } from '../../base/ulid.ts';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { JobId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Pipeline, PipelineRun } from '../../domain/project.ts';
import type { TargetChoice } from '../../domain/target.ts';
import { contentHash } from '../../launch/contentHash.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import type { Launcher } from '../launching/launcher.ts';
import { type PipelineChoice, type PlannedStage, planPipeline } from './plan.ts';
import { type PipelineRecord, readRecords, writeRecord } from './records.ts';

type Stage = PipelineRun['stages'][number];

export interface PipelinesOptions {
  readonly launcher: Pick<Launcher, 'launchRequest'>;
  readonly scheduler: Pick<Scheduler, 'find' | 'onChanged' | 'lastRetryOf' | 'isRetryDue'>;
  readonly tell: (run: PipelineRun) => void;
  readonly complain: (message: string) => void;
}

export interface PipelineLaunch extends PipelineChoice {
  readonly requestId: string;
  readonly folder: string;
  readonly target: TargetChoice;
}

const finalStates: ReadonlySet<Stage['state']> = new Set(['done', 'failed', 'skipped']);

/**
 * Launches pipelines and follows their stages. A stage is a run of its own that waits in the queue for those that it needs; the record of the whole
 * is on disk before the first of them, and whoever reads it after the worker's death goes on from there.
 */
export class Pipelines extends Disposables {
  readonly #options: PipelinesOptions;
  readonly #open = new Map<string, PipelineRecord>();
  readonly #seenFolders = new Set<string>();
  readonly #hashing = new AbortController();

  constructor(options: PipelinesOptions) {
    super();
    this.#options = options;
    options.scheduler.onChanged(() => this.#follow());
    this.onDispose(() => this.#hashing.abort());
  }

  /** Pipelines that were launched in a folder, the latest first. Those that a worker left in the middle go on, where something may be started. */
  async list(folder: string, mayStart = true): Promise<readonly PipelineRun[]> {
    const records = readRecords(folder);
    if (mayStart && !this.#seenFolders.has(folder)) {
      this.#seenFolders.add(folder);
      for (const record of records) if (!isOver(record.run) && !this.#open.has(record.run.id)) await this.#goOn(record);
      this.#follow();
    }
    return records.map(({ run }) => this.#open.get(run.id)?.run ?? run);
  }

  /** Puts the stages into the queue. Throws `bad-argument` with everything that is wrong; asked twice with one id it launches once. */
  async launch(pipeline: Pipeline, launch: PipelineLaunch): Promise<PipelineRun> {
    const records = readRecords(launch.folder);
    const known = records.find(({ requestId }) => requestId === launch.requestId);
    if (known !== undefined) return this.#open.get(known.run.id)?.run ?? known.run;
    const plan = planPipeline(pipeline, launch);
    if (!plan.ok) throw new AppError(plan.reason, plan.message, { hint: 'Correct it and launch again.' });
    const before = records.find(({ run }) => run.pipeline === pipeline.name)?.run;
    const run: PipelineRun = {
      id: ulid(),
      pipeline: pipeline.name,
      folder: launch.folder,
      createdAt: Date.now() / 1000,
      parameters: plan.value.parameters,
      stages: plan.value.stages.map((stage) => firstState(stage, before)),
    };
    const record: PipelineRecord = {
      format: 1,
      run,
      requestId: launch.requestId,
      target: launch.target,
      plan: plan.value.stages,
    };
    writeRecord(record);
    await this.#goOn(record);
    this.#follow();
    return this.#open.get(run.id)?.run ?? run;
  }

  /** Launches the stages that have no run yet, in their order. */
  async #goOn(record: PipelineRecord): Promise<void> {
    let current = record;
    this.#open.set(record.run.id, record);
    for (const [index, stage] of record.plan.entries()) {
      const state = current.run.stages[index]!;
      if (stage.isSkipped || state.runId !== undefined || finalStates.has(state.state)) continue;
      const { runId } = await this.#options.launcher.launchRequest(stageRequest(current, stage));
      current = this.#change(current, index, { runId });
    }
  }

  #change(record: PipelineRecord, index: number, change: Partial<Stage>): PipelineRecord {
    const latest = this.#open.get(record.run.id) ?? record;
    const stages = latest.run.stages.map((stage, at) => (at === index ? { ...stage, ...change } : stage));
    const next = { ...latest, run: { ...latest.run, stages } };
    writeRecord(next);
    this.#open.set(next.run.id, next);
    this.#options.tell(next.run);
    return next;
  }

  #follow(): void {
    for (const record of this.#open.values()) {
      for (const [index, stage] of record.run.stages.entries()) {
        if (stage.runId === undefined || finalStates.has(stage.state)) continue;
        const change = this.#whatHasBecomeOf(stage);
        if (change === undefined) continue;
        this.#change(record, index, change);
        if (change.state === 'done') void this.#nameArtifacts(record, index);
      }
      const latest = this.#open.get(record.run.id);
      if (latest !== undefined && isOver(latest.run)) this.#open.delete(latest.run.id);
    }
  }

  /** What is to be noted of a stage: its state, and the retry that its run has got. A run that is to be tried again has not failed yet. */
  #whatHasBecomeOf({ runId, state: before }: Stage): Pick<Stage, 'state' | 'runId'> | undefined {
    const { scheduler } = this.#options;
    const jobId = scheduler.lastRetryOf(runId as string as JobId);
    const job = scheduler.find(jobId);
    const known = job === undefined ? undefined : stateOf(job);
    if (job === undefined || known === undefined) return undefined;
    const state = known === 'failed' && scheduler.isRetryDue(job) ? 'waiting' : known;
    return state === before && job.runId === runId ? undefined : { state, runId: job.runId };
  }

  /** Notes what a stage made, by content. It happens beside the next stage, which reads the same files and does not wait for it. */
  async #nameArtifacts(record: PipelineRecord, index: number): Promise<void> {
    const stage = record.plan[index]!;
    const base = path.resolve(record.run.folder, stage.cwd ?? '.');
    const artifacts: { path: string; sha256: string }[] = [];
    try {
      for (const place of stage.produces) {
        const sha256 = await contentHash(path.resolve(base, place), this.#hashing.signal);
        if (sha256 === undefined) this.#options.complain(`The stage ${stage.name} did not make ${place}.`);
        else artifacts.push({ path: place, sha256 });
      }
    } catch (error) {
      if (!this.#hashing.signal.aborted)
        this.#options.complain(`What the stage ${stage.name} made cannot be read: ${(error as Error).message}`);
      return;
    }
    if (artifacts.length > 0 && !this.isDisposed) this.#change(this.#latest(record), index, { artifacts });
    if (isOver(this.#latest(record).run)) this.#open.delete(record.run.id);
  }

  #latest(record: PipelineRecord): PipelineRecord {
    return (
      this.#open.get(record.run.id) ??
      readRecords(record.run.folder).find(({ run }) => run.id === record.run.id) ??
      record
    );
  }
}

function firstState(stage: PlannedStage, before: PipelineRun | undefined): Stage {
  if (!stage.isSkipped) return { name: stage.name, state: 'waiting', artifacts: [] };
  const earlier = before?.stages.find(({ name }) => name === stage.name);
  return {
    name: stage.name,
    state: 'skipped',
    artifacts: earlier?.artifacts ?? [],
    ...(earlier?.runId === undefined ? {} : { runId: earlier.runId }),
  };
}

function stageRequest(record: PipelineRecord, stage: PlannedStage): CommandLaunchRequest {
  const { run } = record;
  const jobOf = (name: string) => run.stages.find((each) => each.name === name)?.runId as JobId | undefined;
  const after = stage.needs.flatMap((name) => jobOf(name) ?? []);
  return {
    requestId: `${record.requestId}:${stage.name}`,
    folder: run.folder,
    command: stage.command,
    ...(stage.cwd === undefined ? {} : { cwd: path.resolve(run.folder, stage.cwd) }),
    arguments: [],
    env: stage.env,
    target: stage.target === undefined ? record.target : { name: stage.target },
    name: `${nameOf(run.pipeline)}-${nameOf(stage.name)}-${run.id.slice(-6).toLowerCase()}`,
    labels: [run.pipeline],
    ...(after.length === 0 ? {} : { after }),
    ...(stage.retry === undefined ? {} : { retry: stage.retry }),
  };
}

/** What a run's name may hold. */
function nameOf(text: string): string {
  return text.replace(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'stage';
}

function stateOf(job: Job): Stage['state'] | undefined {
  const endedWell = job.exitCode === 0 && job.failure === undefined;
  const states: { readonly [S in Job['state']]: Stage['state'] } = {
    waiting: 'waiting',
    held: 'waiting',
    launching: 'waiting',
    running: 'running',
    done: endedWell ? 'done' : 'failed',
    cancelled: 'skipped',
  };
  return states[job.state];
}

function isOver(run: PipelineRun): boolean {
  return run.stages.every(({ state }) => finalStates.has(state));
}
