import type { RunStatus } from '../../domain/run.ts';
import type { ExitInfo } from './state.ts';
import type { WriterLife } from './writer.ts';

/** Everything that bears on how a W&B run is. Times in seconds since 1970. */
export interface RunLife {
  readonly exit: ExitInfo | null;
  /** What the console ends with, as a sentence, if that is a failure. */
  readonly failure: string | undefined;
  readonly preempting: boolean;
  readonly writer: WriterLife;
  readonly pid: number | undefined;
  /** When any of the run's files was last written. */
  readonly modifiedAt: number | undefined;
  /** The last moment of which the log itself tells. */
  readonly lastTime: number | undefined;
  readonly startedAt: number | undefined;
  readonly now: number;
}

export interface StatusWithReason {
  readonly status: RunStatus;
  /** It does not change while the evidence stays the same, so that lists are not redrawn for a clock. */
  readonly statusReason: string;
}

/**
 * W&B writes its log in pieces of 32 KiB, and a run that logs little fills one in ten minutes and more. What was written within this time may still run.
 */
const quietSeconds = 30 * 60;

/** A run of a day has filled many a piece, since W&B logs the machine every few seconds; a day also covers a start that is told in another time zone. */
const silentStartSeconds = 24 * 3600;

/** How a run is, with the evidence. W&B writes an exit record whenever a program ends by itself, whatever the reason, and none when it is killed. */
export function runStatus(life: RunLife): StatusWithReason {
  if (life.exit !== null) return exited(life.exit, life.failure);
  const preempted = life.preempting ? ' W&B was told that it would be pre-empted.' : '';
  if (life.writer === 'alive') return { status: 'running', statusReason: `Process ${life.pid} is alive.${preempted}` };
  if (life.writer === 'gone')
    return {
      status: 'killed',
      statusReason: `Process ${life.pid} is gone and W&B wrote no exit record, so it was killed.${preempted}`,
    };
  return silent(life, preempted);
}

/** Codes with a meaning of their own: 255 after KeyboardInterrupt (sdk/lib/exit_hooks.py), 254 for a program that vanished (core/internal/leet/runhandlers.go). */
function exited({ code }: ExitInfo, failure: string | undefined): StatusWithReason {
  if (code === 0) return { status: 'finished', statusReason: 'W&B recorded exit code 0.' };
  if (code === 255) return { status: 'killed', statusReason: 'Interrupted: W&B recorded exit code 255.' };
  if (code === 254)
    return { status: 'killed', statusReason: 'W&B recorded exit code 254: the program was gone without a word.' };
  const why = failure === undefined ? 'The console says more.' : failure;
  return { status: 'failed', statusReason: `W&B recorded exit code ${code}. ${why}` };
}

/** Nothing is known but when the files were written. The time of a copied file proves nothing, so the log must tell the same. */
function silent({ modifiedAt, lastTime, startedAt, now, failure }: RunLife, preempted: string): StatusWithReason {
  const isWithin = (time: number | undefined, seconds: number): boolean => time !== undefined && now - time < seconds;
  const isToldToLive =
    lastTime === undefined
      ? startedAt === undefined || isWithin(startedAt, silentStartSeconds)
      : isWithin(lastTime, quietSeconds);
  if (isWithin(modifiedAt, quietSeconds) && isToldToLive)
    return { status: 'running', statusReason: `There is no exit record, and the files are still written.${preempted}` };
  const when = lastSign(lastTime, startedAt, modifiedAt);
  const how = failure === undefined ? '' : ` The console ends with: ${failure}`;
  return { status: 'lost', statusReason: `W&B wrote no exit record.${when}${how}${preempted}` };
}

/** Where the log tells no time at all, the start that is known is better than the time of a file that may be a copy's. */
function lastSign(lastTime: number | undefined, startedAt: number | undefined, modifiedAt: number | undefined): string {
  if (lastTime !== undefined) return ` Last sign of life ${describeTime(lastTime)}.`;
  if (startedAt !== undefined) return ` It began ${describeTime(startedAt)} and its log tells nothing since.`;
  return modifiedAt === undefined ? '' : ` Last sign of life ${describeTime(modifiedAt)}.`;
}

function describeTime(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
