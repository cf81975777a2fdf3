import type { RunStatus } from '../../domain/run.ts';

/** What is known of a plain log's life. Times in seconds since 1970. */
export interface LogLife {
  readonly lastEventAt: number | undefined;
  readonly modifiedAt: number | undefined;
  readonly now: number;
}

/** A log that grew within this time is taken to be alive: loggers flush every two minutes by default (tensorboardX and torch: flush_secs=120). */
const quietSeconds = 180;

/**
 * The status of a log that does not know its own end. It is `running` only while it grows, and that must show in the events too: the time of a copied
 * file alone proves nothing. Otherwise it is `unknown`, and the sentence says since when.
 */
export function logStatus({ lastEventAt, modifiedAt, now }: LogLife): {
  readonly status: RunStatus;
  readonly statusReason: string;
} {
  if (modifiedAt === undefined) return { status: 'unknown', statusReason: 'There is no event file.' };
  if (lastEventAt === undefined)
    return {
      status: 'unknown',
      statusReason: `The event files hold no event yet; last written ${describeTime(modifiedAt)}.`,
    };
  const isFresh = now - lastEventAt < quietSeconds && now - modifiedAt < quietSeconds;
  if (isFresh) return { status: 'running', statusReason: 'The event files are growing.' };
  return {
    status: 'unknown',
    statusReason: `Last event ${describeTime(lastEventAt)}. Event files do not say whether a run has ended.`,
  };
}

function describeTime(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
