import type { RunFacts } from '../../domain/records.ts';
import type { RunStatus } from '../../domain/run.ts';
import { describeTime } from '../files/localTime.ts';

/** Words of the hub (shared/schemas.py, RunStatus and ExperimentConfigStatus). What it cancels, somebody asked for. */
const statuses: { readonly [word: string]: RunStatus } = {
  completed: 'finished',
  failed: 'failed',
  cancelled: 'stopped',
  queued: 'queued',
  waiting: 'queued',
};

/** A run that got a value within this time is taken to be alive. */
const quietSeconds = 600;

export interface HubLife {
  readonly word: string;
  readonly startedAt: number | undefined;
  readonly lastValueAt: number | undefined;
  /** What a job of the run said when it failed. */
  readonly error: string | undefined;
  readonly now: number;
}

/** The hub writes ends down; a run that it has as running may have lost its process with the hub's. */
export function hubStatus({
  word,
  startedAt,
  lastValueAt,
  error,
  now,
}: HubLife): Pick<RunFacts, 'status' | 'statusReason'> {
  const name = word.toLowerCase();
  const known = Object.hasOwn(statuses, name) ? statuses[name] : undefined;
  const because = error === undefined || error === '' ? '' : ` Its error: ${error.split('\n')[0]}`;
  if (known !== undefined) return { status: known, statusReason: `The hub has it as ${name}.${because}` };
  if (name !== 'running') return { status: 'unknown', statusReason: 'The hub does not tell its status.' };
  const lastSign = Math.max(startedAt ?? 0, lastValueAt ?? 0);
  if (now - lastSign < quietSeconds)
    return { status: 'running', statusReason: 'The hub has it as running, and it logged lately.' };
  const since = lastSign > 0 ? `; its last sign of life was ${describeTime(lastSign)}` : '';
  return {
    status: 'unknown',
    statusReason: `The hub has it as running, which it also keeps when the hub itself is killed${since}.`,
  };
}
