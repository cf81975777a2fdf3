import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import type { ConsoleLog, RunFacts } from '../../domain/records.ts';
import { parseLocalTime } from '../files/localTime.ts';
import { withoutIds } from './artifacts.ts';
import { idOfLog, timeOfFolder, wandbIdOf } from './names.ts';
import { failureOf, type SideFiles } from './sideFiles.ts';
import { slurmJobOf } from './slurm.ts';
import type { DefinedMetric, Environment, LogState } from './state.ts';
import { runStatus } from './status.ts';
import { summaryTree, withoutMedia } from './summary.ts';
import { writerLife } from './writer.ts';

export interface FactSources {
  readonly folder: string;
  /** The transaction log's name; undefined where there is none. */
  readonly log: string | undefined;
  readonly logModifiedAt: number | undefined;
  readonly state: LogState;
  readonly side: SideFiles;
  readonly now: number;
}

/** All that is known of a run, from its log and the files around it. The log knows better where both speak. */
export async function runFacts(sources: FactSources): Promise<RunFacts> {
  const { folder, log, state, side } = sources;
  const metadata = await side.metadata();
  const environment = { ...metadata?.environment, ...state.environment };
  const { run } = state;
  const startedAt = run.startTime ?? environment.startedAt ?? state.firstTime ?? folderTime(folder);
  const host = run.host ?? environment.host;
  const commit = run.commit ?? environment.commit;
  return present<RunFacts>({
    name: run.name ?? metadata?.name,
    trackerId: run.id ?? (log === undefined ? undefined : idOfLog(log)) ?? wandbIdOf(path.basename(folder)),
    project: run.project ?? metadata?.project,
    group: run.group ?? run.sweep,
    trackerLabels: run.tags,
    trackerNote: run.notes ?? metadata?.notes,
    createdAt: startedAt,
    startedAt,
    endedAt: endedAt(state, startedAt),
    ...(await statusOf(sources, environment, host, startedAt)),
    ...(await configFacts(state, side)),
    summary: await summaryOf(state, side),
    definitions: definitionsOf(state.metrics),
    restarts: restartsOf(state, startedAt),
    command: commandOf(environment),
    cwd: environment.root,
    host,
    device: deviceOf(environment),
    commit,
    dirty: commit === undefined ? undefined : await side.isDirty(),
    artifacts: withoutIds(state.artifacts),
    console: await consolesOf(folder, log, state, side),
    slurmJob: slurmJobOf(environment),
  });
}

async function statusOf(
  { state, side, logModifiedAt, now }: FactSources,
  { startedAt: loggedAt }: Environment,
  host: string | undefined,
  startedAt: number | undefined,
): Promise<Pick<RunFacts, 'status' | 'statusReason'>> {
  const { exit, preempting, lastTime } = state;
  const pid = await side.pid();
  const sideModifiedAt = await side.modifiedAt();
  const times = [logModifiedAt, sideModifiedAt].filter((time) => time !== undefined);
  return runStatus({
    exit,
    preempting,
    failure: exit?.code === 0 ? undefined : ((await side.failure()) ?? failureOf(state.outputEnd)),
    writer: exit === null ? await writerLife({ pid, host, startedAt: loggedAt ?? startedAt }) : 'elsewhere',
    pid,
    modifiedAt: times.length === 0 ? undefined : Math.max(...times),
    lastTime: lastTime ?? undefined,
    startedAt,
    now,
  });
}

/** The end is the last moment of which the log tells; `runtime` counts from the run's first start, which a resumed run does not have. */
function endedAt({ exit, lastTime, run }: LogState, startedAt: number | undefined): number | undefined {
  if (exit === null) return undefined;
  const counted = startedAt === undefined || run.resumed === true ? undefined : startedAt + exit.runtime;
  return lastTime === null ? counted : Math.max(lastTime, counted ?? lastTime);
}

async function configFacts(state: LogState, side: SideFiles): Promise<Pick<RunFacts, 'config' | 'configFiles'>> {
  const file = await side.config();
  const config = { ...file?.tree, ...state.config };
  return {
    ...(Object.keys(config).length === 0 ? {} : { config }),
    ...(file === undefined ? {} : { configFiles: [file.file] }),
  };
}

async function summaryOf(state: LogState, side: SideFiles): Promise<JsonObject | undefined> {
  const { _wandb: own, ...written } = (await side.summary()) ?? {};
  const summary = { ...withoutMedia(written), ...summaryTree(state.summary) };
  return Object.keys(summary).length === 0 ? undefined : summary;
}

const mostPrimary = 4;

function definitionsOf(metrics: LogState['metrics']): readonly MetricDefinition[] | undefined {
  const entries = Object.entries(metrics);
  if (entries.length === 0) return undefined;
  let primary = 0;
  return entries.map(([tag, metric]) => {
    const direction = directionOf(metric);
    const isPrimary = direction !== 'none' && primary++ < mostPrimary;
    return {
      tag,
      title: tag,
      unit: '',
      direction,
      version: 1,
      description: metric.over === undefined ? '' : `Logged to be drawn over ${metric.over}.`,
      ...(isPrimary ? { primary: true } : {}),
    };
  });
}

/** The goal, or which value the summary keeps. */
function directionOf({ goal, summary }: DefinedMetric): MetricDefinition['direction'] {
  if (goal !== undefined) return goal;
  if (summary === undefined) return 'none';
  return summary === 'min' ? 'minimize' : 'maximize';
}

/** A resumed run says at which step it goes on; what earlier folders of the same id hold from there on is older. */
function restartsOf({ run }: LogState, startedAt: number | undefined): RunFacts['restarts'] {
  const isResumed = run.resumed === true || (run.startingStep ?? 0) > 0;
  return isResumed && startedAt !== undefined ? [{ step: run.startingStep ?? 0, wallTime: startedAt }] : undefined;
}

/** `-m package.module` stands in `program` as one text (sdk/lib/program.py). */
function commandOf({ executable, program, args }: Environment): readonly string[] | undefined {
  if (program === undefined) return undefined;
  const start = program.startsWith('-m ') ? ['-m', program.slice(3).trim()] : [program];
  return [executable ?? 'python', ...start, ...(args ?? [])];
}

function deviceOf({ gpu, gpuCount }: Environment): string | undefined {
  if (gpu === undefined) return undefined;
  return gpuCount !== undefined && gpuCount > 1 ? `${gpuCount} × ${gpu}` : gpu;
}

async function consolesOf(
  folder: string,
  log: string | undefined,
  state: LogState,
  side: SideFiles,
): Promise<readonly ConsoleLog[] | undefined> {
  const files = await side.consoles();
  if (files.length > 0) return files;
  if (!state.hasOutput || log === undefined) return undefined;
  return [{ title: 'Console', file: path.join(folder, log), encoding: 'wandb' }];
}

function folderTime(folder: string): number | undefined {
  const time = timeOfFolder(path.basename(folder));
  return time === undefined ? undefined : parseLocalTime(time);
}

/** Without the fields that are not known. */
function present<T>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
