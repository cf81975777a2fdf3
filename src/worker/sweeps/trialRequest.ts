import path from 'node:path';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { SweepRequest } from '../../domain/sweep.ts';
import type { StoredSweep, StoredTrial } from '../../store/sweepTable.ts';
import { freeName } from '../launching/resolveLaunch.ts';
import { editedArguments } from './editedArguments.ts';

/** Without a limit of its own a sweep keeps so many trials in the queue; the others wait in its ledger. */
const trialsAhead = 16;

/** The launch of a trial's next attempt. Its id follows from sweep, trial and attempt, so that asking twice launches once. */
export function trialRequest(
  sweep: StoredSweep,
  trial: StoredTrial,
  checkpoint: string | undefined,
): CommandLaunchRequest {
  const { launch, concurrency } = sweep.request;
  const edits = trial.next?.edits ?? [];
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

/** How many trials are in the queue at once: those that may run, and a few behind them. A search that learns waits for what it learns from. */
export function roomOf({ search, concurrency }: SweepRequest): number {
  if (search === 'tpe') return concurrency ?? 1;
  return concurrency === undefined ? trialsAhead : concurrency + 2;
}

/** "lr-t007"; what comes behind a dash is counted up by the next attempt. */
function runName({ name, request, trials }: StoredSweep, { index, runs }: StoredTrial): string {
  const digits = String(Math.max(trials.length, request.trials ?? 0)).length;
  const number = `t${String(index).padStart(digits, '0')}`;
  return runs.length === 0 ? `${name}-${number}` : `${name}-${number}-${runs.length + 1}`;
}
