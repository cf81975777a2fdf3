import { AppError } from '../../base/errors.ts';
import type { Sweep, Trial } from '../../domain/sweep.ts';
import type { StoredTrial } from '../../store/sweepTable.ts';

/** Which trials are launched again. */
export type Relaunch = 'failed' | 'missing' | 'timed-out' | readonly number[];

/** The numbers of the trials that are meant. Throws `not-found` for numbers that the sweep does not have, `conflict` for trials that have not ended. */
export function chosenTrials(sweep: Sweep, which: Relaunch): ReadonlySet<number> {
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

/** The trial as it is to be launched next; what ran out of time goes on from its last run. */
export function nextOf(trial: StoredTrial, which: Relaunch, edits: readonly string[]): StoredTrial {
  const { value: _, ...rest } = trial;
  const last = trial.runs.at(-1);
  const resume = which === 'timed-out' && last !== undefined ? { resume: last } : {};
  return { ...rest, next: { edits, ...resume } };
}
