import { setTimeout as sleep } from 'node:timers/promises';
import type { FoundRun, ReaderCursor } from '../../src/domain/records.ts';
import { openRun } from '../../src/readers/index.ts';
import { Gatherer, pollAll } from '../unit/readers/support/cuts.ts';
import type { RunningScript } from './python.ts';

/** What was read of a run while it was written. */
export interface Tailed {
  readonly gatherer: Gatherer;
  /** How many polls brought rows while the script was still at work. */
  readonly liveAnswers: number;
}

const pauseMs = 50;

/**
 * Follows a run while a script writes it, with a new reader every few polls, as after restarts of the worker. `find` is asked until the run is there.
 * Ends with a last look after the script's end.
 */
export async function tail(script: RunningScript, find: () => Promise<FoundRun | undefined>): Promise<Tailed> {
  const gatherer = new Gatherer();
  let cursor: ReaderCursor | undefined;
  let liveAnswers = 0;
  let found: FoundRun | undefined;
  for (;;) {
    const isLive = script.isRunning;
    found ??= await find();
    if (found !== undefined) {
      const before = countRows(gatherer);
      const reader = openRun(found);
      for (let again = 0; again < 5; again++) {
        cursor = await pollAll(reader, gatherer, cursor);
        if (isLive) await sleep(pauseMs);
      }
      reader.dispose();
      if (isLive && countRows(gatherer) > before) liveAnswers++;
    } else await sleep(pauseMs);
    if (!isLive) return { gatherer, liveAnswers };
  }
}

function countRows({ rows }: Gatherer): number {
  return Object.values(rows.scalars).reduce((sum, { values }) => sum + values.length, rows.media.length);
}

/** A run read at once from its start. */
export async function readWhole(run: FoundRun): Promise<Gatherer> {
  const gatherer = new Gatherer();
  const reader = openRun(run);
  await pollAll(reader, gatherer).finally(() => reader.dispose());
  return gatherer;
}
