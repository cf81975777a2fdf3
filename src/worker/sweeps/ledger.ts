import type { Failure } from '../../domain/failure.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import { type FailureGroup, type Sweep, type Trial, type TrialState, trialStates } from '../../domain/sweep.ts';
import { endedWell } from '../../scheduler/queue.ts';
import type { StoredSweep, StoredTrial } from '../../store/sweepTable.ts';

/** What is known of a trial's run. */
export interface TrialRun {
  readonly job: Job;
  /** Its directory is there. */
  readonly isThere: boolean;
}

/** Where the ledger looks runs up, and what their metric says now. */
export interface LedgerSources {
  run(id: RunId): TrialRun | undefined;
  /** Last value of the metric in a run. */
  value(id: RunId, metric: string): number | undefined;
}

/** The ledger for people: each trial's state follows from its latest run, however that came about. */
export function sweepOf(stored: StoredSweep, sources: LedgerSources): Sweep {
  const trials = stored.trials.map((trial) => {
    const known = trialOf(trial, stored.request.metric, sources);
    const isOver = known.state === 'missing' || known.state === 'failed';
    const failure = isOver ? (trial.refused ?? known.failure) : known.failure;
    return failure === undefined ? known : { ...known, failure };
  });
  const counts = Object.fromEntries(trialStates.map((state) => [state, 0])) as { [S in TrialState]: number };
  for (const { state } of trials) counts[state]++;
  const { id, name, folder, createdAt, request, paused } = stored;
  return { id, name, folder, createdAt, request, trials, counts, paused };
}

/** Failed trials by what made them fail, the largest group first. */
export function failureGroups(sweep: Sweep): readonly FailureGroup[] {
  const groups = new Map<string, { readonly failure: Failure; readonly trials: number[] }>();
  for (const { index, state, failure } of sweep.trials) {
    if (state !== 'failed' || failure === undefined) continue;
    const group = groups.get(failure.signature);
    if (group === undefined) groups.set(failure.signature, { failure, trials: [index] });
    else group.trials.push(index);
  }
  return [...groups.values()].sort((a, b) => b.trials.length - a.trials.length);
}

function trialOf(trial: StoredTrial, metric: string | undefined, sources: LedgerSources): Trial {
  const { index, overrides, runs } = trial;
  const last = runs.at(-1);
  const run = last === undefined ? undefined : sources.run(last);
  const { state, failure } = stateOf(trial, run);
  const value = trial.value ?? (last === undefined || metric === undefined ? undefined : sources.value(last, metric));
  return {
    index,
    overrides,
    state,
    runs,
    ...(failure === undefined ? {} : { failure }),
    ...(value === undefined || state === 'missing' ? {} : { value }),
  };
}

function stateOf(trial: StoredTrial, run: TrialRun | undefined): Pick<Trial, 'state' | 'failure'> {
  if (trial.next !== undefined) return { state: 'waiting' };
  if (run === undefined) return { state: 'missing' };
  const { job, isThere } = run;
  switch (job.state) {
    case 'waiting':
    case 'held':
    case 'launching':
      return { state: 'waiting' };
    case 'running':
      return { state: 'running' };
    case 'cancelled':
      return { state: 'missing', ...(job.failure === undefined ? {} : { failure: job.failure }) };
    case 'done': {
      if (!isThere) return { state: 'missing' };
      if (endedWell(job)) return { state: 'done' };
      const failure = job.failure ?? { kind: 'unknown', message: `exit code ${job.exitCode}`, signature: 'unknown' };
      return { state: 'failed', failure };
    }
  }
}
