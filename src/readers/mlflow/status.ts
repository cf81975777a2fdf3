import type { RunFacts } from '../../domain/records.ts';
import type { RunStatus } from '../../domain/run.ts';
import { describeTime } from '../files/localTime.ts';

/** Numbers in meta.yaml, names in a database (mlflow/protos/service.proto, RunStatus). */
const statusNames: { readonly [number: string]: string } = {
  1: 'RUNNING',
  2: 'SCHEDULED',
  3: 'FINISHED',
  4: 'FAILED',
  5: 'KILLED',
};

const ends: { readonly [name: string]: RunStatus } = { FINISHED: 'finished', FAILED: 'failed', KILLED: 'killed' };

/** A run that got a value within this time is taken to be alive. */
const quietSeconds = 600;

export interface RunLife {
  /** As it is stored: a number or a name. */
  readonly status: string;
  readonly isDeleted: boolean;
  readonly startedAt: number | undefined;
  readonly lastValueAt: number | undefined;
  readonly now: number;
}

/** MLflow writes ends down; that a run is running it writes at the start, and a killed program leaves it so. */
export function mlflowStatus(life: RunLife): Pick<RunFacts, 'status' | 'statusReason'> {
  const { status, statusReason } = livingStatus(life);
  return {
    status,
    statusReason: life.isDeleted
      ? `${statusReason} The run was deleted in MLflow; its files are still there.`
      : statusReason,
  };
}

function livingStatus({ status, startedAt, lastValueAt, now }: RunLife): {
  readonly status: RunStatus;
  readonly statusReason: string;
} {
  const name = statusNames[status] ?? status.toUpperCase();
  const end = Object.hasOwn(ends, name) ? ends[name] : undefined;
  if (end !== undefined) return { status: end, statusReason: `MLflow has it as ${name}.` };
  if (name === 'SCHEDULED') return { status: 'queued', statusReason: 'MLflow has it as SCHEDULED.' };
  if (name !== 'RUNNING') return { status: 'unknown', statusReason: 'MLflow does not tell its status.' };
  const lastSign = Math.max(startedAt ?? 0, lastValueAt ?? 0);
  if (now - lastSign < quietSeconds)
    return { status: 'running', statusReason: 'MLflow has it as RUNNING, and it logged lately.' };
  const since = lastSign > 0 ? `; its last sign of life was ${describeTime(lastSign)}` : '';
  return {
    status: 'unknown',
    statusReason: `MLflow has it as RUNNING, which it also keeps when a program is killed${since}.`,
  };
}
