import type { WallTimeSeconds } from '../../domain/ids.ts';
import type { RunStatus } from '../../domain/run.ts';
import { describeFailure, endingFailure } from '../files/consoleEnd.ts';
import { describeTime, parseLocalTime } from '../files/localTime.ts';
import { type TextEnds, wasWrittenHere } from '../files/textEnds.ts';

/** What is known of a job's life. Hydra itself writes nothing about how a job ends. */
export interface JobLife {
  /** The job's own log first. */
  readonly logs: readonly TextEnds[];
  /** What submitit noted of the function's return. */
  readonly outcome: 'success' | 'error' | undefined;
  readonly now: WallTimeSeconds;
}

export interface JobStatus {
  readonly status: RunStatus;
  readonly statusReason: string;
  readonly startedAt?: WallTimeSeconds;
  readonly endedAt?: WallTimeSeconds;
}

/** A log that was written within this time is taken to be alive: programs may train for minutes without a word. */
const quietSeconds = 300;

/** How a job is, from the ends of its logs. It is never `finished` unless its launcher says that its function came back. */
export function jobStatus(life: JobLife): JobStatus {
  const { logs } = life;
  const startedAt = firstTime(logs);
  const start = startedAt === undefined ? {} : { startedAt };
  const end = lastTime(logs) ?? latest(logs);
  const ended = end === undefined ? {} : { endedAt: end };
  if (life.outcome === 'success')
    return {
      status: 'finished',
      statusReason: 'submitit noted that the job came back without an error.',
      ...start,
      ...ended,
    };
  const failure = logs.map(({ tail }) => endingFailure(tail)).find((found) => found !== undefined);
  if (failure !== undefined)
    return { status: 'failed', statusReason: `The log ends with ${describeFailure(failure)}`, ...start, ...ended };
  if (life.outcome === 'error')
    return { status: 'failed', statusReason: 'submitit noted that the job ended with an error.', ...start, ...ended };
  return { ...withoutEnding(life), ...start };
}

function withoutEnding({ logs, now }: JobLife): Pick<JobStatus, 'status' | 'statusReason'> {
  const written = latest(logs);
  if (written === undefined)
    return { status: 'unknown', statusReason: 'Hydra prepared this job, and there is no log of it.' };
  if (logs.every(({ size }) => size === 0))
    return {
      status: 'unknown',
      statusReason: `The log is empty since ${describeTime(written)}: the program stopped early, or prints elsewhere.`,
    };
  const said = lastTime(logs);
  // The time of a copied file alone proves nothing, so what the log itself says must be fresh too, or it must have been written to here.
  const isLive = said === undefined ? logs.some(wasWrittenHere) : now - said < quietSeconds;
  if (now - written < quietSeconds && isLive) return { status: 'running', statusReason: 'The log is growing.' };
  return {
    status: 'unknown',
    statusReason: `Last line of the log ${describeTime(said ?? written)}. It does not say whether the job has ended.`,
  };
}

/** Times of Python's logging, "2026-01-08 12:12:03,664", and of `isoformat`. */
const timePattern = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?/g;

function firstTime(logs: readonly TextEnds[]): WallTimeSeconds | undefined {
  const [first] = (logs[0]?.head ?? '').match(timePattern) ?? [];
  return first === undefined ? undefined : parseLocalTime(first);
}

/** The latest of the last times that the logs name. */
function lastTime(logs: readonly TextEnds[]): WallTimeSeconds | undefined {
  const times = logs.flatMap(({ tail }) => {
    const last = tail.match(timePattern)?.at(-1);
    return (last === undefined ? undefined : parseLocalTime(last)) ?? [];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

function latest(logs: readonly TextEnds[]): WallTimeSeconds | undefined {
  return logs.length === 0 ? undefined : Math.max(...logs.map(({ modifiedAt }) => modifiedAt));
}
