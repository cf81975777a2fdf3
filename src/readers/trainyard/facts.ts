import type { RunId } from '../../domain/ids.ts';
import { launchKeyOf } from '../../domain/launch.ts';
import type { RunFacts } from '../../domain/records.ts';
import type { RunDirectoryFiles } from './files.ts';
import type { ProcessLife } from './processLife.ts';
import { runStatus } from './status.ts';

/** What is known of the run's processes, and the time. */
export interface LifeFacts {
  readonly shim: ProcessLife | undefined;
  readonly child: ProcessLife | undefined;
  readonly now: number;
}

/** What a run directory says of its run. */
export function directoryFacts(files: RunDirectoryFiles, life: LifeFacts): RunFacts {
  const { exit, outcome, state, elsewhere, progress, launch, run } = files;
  const status = runStatus({
    hasLaunch: launch !== undefined,
    isCommand: launch?.commandLaunch !== undefined,
    hasRun: run !== undefined,
    exit,
    outcome,
    state,
    elsewhere,
    progress,
    ...life,
  });
  return withoutUndefined({
    ...status,
    ...identity(files),
    ...times(files),
    ...provenance(files),
    config: files.config,
    definitions: run?.metrics,
    device: run?.device.used,
    architecture: run?.architecture,
    progress: progressOf(files),
  });
}

function identity({ launch, run }: RunDirectoryFiles): { [K in 'id' | 'name' | 'recipe']: RunFacts[K] | undefined } {
  return { id: launch?.id ?? run?.id, name: launch?.name ?? run?.name, recipe: run?.recipe ?? recipeOf(launch) };
}

/** A launch of a command has no recipe, and its record says so with an empty one. */
function recipeOf(launch: RunDirectoryFiles['launch']): string | undefined {
  return launch?.recipe === '' ? undefined : launch?.recipe;
}

function times({ launch, run, state, elsewhere, exit, outcome }: RunDirectoryFiles): {
  [K in 'createdAt' | 'startedAt' | 'endedAt']: number | undefined;
} {
  return {
    createdAt: launch?.createdAt ?? run?.createdAt,
    startedAt: run?.startedAt ?? state?.startedAt ?? elsewhere?.startedAt,
    endedAt: exit?.endedAt ?? outcome?.endedAt,
  };
}

function provenance({ launch, run }: RunDirectoryFiles): {
  [K in 'command' | 'cwd' | 'commit' | 'dirty' | 'resumedFrom' | 'entry' | 'target']: RunFacts[K] | undefined;
} {
  const command = launch?.commandLaunch;
  return {
    entry: command === undefined ? undefined : launchKeyOf(command),
    target: command?.target.name,
    command: launch?.command,
    cwd: launch?.cwd,
    commit: launch?.commit ?? run?.commit,
    dirty: launch?.dirty ?? run?.dirty,
    resumedFrom: launch?.resumedFrom ?? (run?.resumedFrom?.runId as RunId | undefined),
  };
}

/** Where the run is. The outcome knows the last step better than the last report of progress does. */
function progressOf({ progress, outcome, run }: RunDirectoryFiles): RunFacts['progress'] {
  if (progress === undefined && outcome === undefined) return undefined;
  const totalSteps = progress?.totalSteps ?? run?.totalSteps;
  return withoutUndefined({
    step: outcome?.step ?? progress?.step ?? 0,
    totalSteps,
    phase: outcome === undefined ? progress?.phase : outcome.status,
    secondsPerStep: progress?.secondsPerStep,
  });
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
