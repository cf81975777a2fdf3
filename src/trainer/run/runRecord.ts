import { ulid } from '../../base/ulid.ts';
import { programVersion } from '../../base/version.ts';
import type { RunId } from '../../domain/ids.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import type { RunFile } from '../../domain/runDirectory.ts';
import type { Recipe } from '../../recipes/recipe.ts';
import type { ChosenDevice } from '../devices/choose.ts';
import { runtimeVersion } from '../engine/session.ts';
import type { GitState } from './gitState.ts';
import { metricDefinitions } from './metrics.ts';
import type { PreparedRun } from './prepareRun.ts';
import { repeatability } from './repeatability.ts';

/** Who the run is, before anything is loaded. */
export interface RunIdentity {
  readonly id: RunId;
  readonly name: string;
  readonly createdAt: number;
  readonly startedAt: number;
}

/** The identity that the worker gave, or a new one for a run that was started by hand. */
export function runIdentity(givenId: string | undefined, name: string, launch: LaunchRecord | undefined): RunIdentity {
  const now = Date.now() / 1000;
  return {
    id: (givenId ?? launch?.id ?? ulid()) as RunId,
    name: launch?.name ?? name,
    createdAt: launch?.createdAt ?? now,
    startedAt: now,
  };
}

/** "cpu (2 threads)", "cuda (NVIDIA H100 80GB HBM3)": what the run says it runs on. */
export function describeDevice({ device, detail }: ChosenDevice, threads: number): string {
  if (device === 'cpu') return `cpu (${threads} ${threads === 1 ? 'thread' : 'threads'})`;
  return detail === '' ? device : `${device} (${detail})`;
}

/** `run.json` of a run that is ready to train. */
export function runRecord(
  identity: RunIdentity,
  recipe: Recipe,
  run: PreparedRun,
  chosen: ChosenDevice,
  code: GitState,
): RunFile {
  const { settings, resumedFrom } = run;
  return {
    format: 1,
    ...identity,
    recipe: recipe.info.id,
    recipeVersion: recipe.info.version,
    architecture: run.architecture,
    parameters: run.step.pack.size,
    seed: settings.seed,
    totalSteps: settings.steps,
    device: { requested: settings.device, used: describeDevice(chosen, settings.threads), refused: chosen.refused },
    precision: settings.precision,
    repeatable: repeatability(run.step, run.placement.device, run.placement.threads),
    memory: { ...run.memory.need, recomputes: run.memory.recomputes },
    dataSets: run.dataSets.map(({ name, path, sha256, facts }) => ({ name, path, sha256, examples: facts.examples })),
    versions: versions(),
    ...code,
    ...(resumedFrom === undefined ? {} : { resumedFrom: describeParent(resumedFrom) }),
    metrics: metricDefinitions(recipe),
  };
}

function describeParent(parent: NonNullable<PreparedRun['resumedFrom']>): NonNullable<RunFile['resumedFrom']> {
  const { path, facts, step } = parent;
  return { ...(facts.runId === '' ? {} : { runId: facts.runId as RunId }), checkpoint: path, step };
}

function versions(): RunFile['versions'] {
  return {
    trainyard: programVersion,
    onnxruntime: runtimeVersion,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}
