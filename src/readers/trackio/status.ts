import type { RunFacts } from '../../domain/records.ts';
import { describeTime } from '../files/localTime.ts';

/** A log that got a row within this time is taken to be alive. */
const quietSeconds = 180;

/** Trackio writes down no end: a run is running while rows come. */
export function trackioStatus(
  lastTime: number | null,
  modifiedAt: number | undefined,
  now: number,
): Pick<RunFacts, 'status' | 'statusReason'> {
  if (lastTime === null) return { status: 'unknown', statusReason: 'Trackio holds no values of this run yet.' };
  const isFresh = now - lastTime < quietSeconds && (modifiedAt === undefined || now - modifiedAt < quietSeconds);
  if (isFresh) return { status: 'running', statusReason: 'Trackio gets new values.' };
  return {
    status: 'unknown',
    statusReason: `Last value ${describeTime(lastTime)}. Trackio does not record whether a run has ended.`,
  };
}
