import type { WallTimeSeconds } from '../../domain/ids.ts';
import type { ExperimentState, RegistryExperiment } from '../../domain/registry.ts';
import type { RunStatus } from '../../domain/run.ts';
import { describeTime } from '../files/localTime.ts';

export interface ExperimentLife {
  readonly experiment: RegistryExperiment;
  readonly startedAt: WallTimeSeconds | undefined;
  /** Last change of its logs. */
  readonly writtenAt: WallTimeSeconds | undefined;
  readonly now: WallTimeSeconds;
}

export interface ExperimentStatus {
  readonly status: RunStatus;
  readonly statusReason: string;
}

/** The project's own scripts take an experiment for dead that has been running for longer. Source: LatentWire, scripts/experiment_manager.py, `--validate`. */
const staleSeconds = 24 * 3600;
const quietSeconds = 600;

const cases = {
  pending: ({ experiment }) => ({ status: 'queued', statusReason: `The registry says pending${again(experiment)}.` }),
  running,
  completed: ({ experiment }) => ({
    status: 'finished',
    statusReason: `The registry says completed${exit(experiment)}.`,
  }),
  failed: ({ experiment }) => ({ status: 'failed', statusReason: failure(experiment) }),
} as const satisfies { readonly [S in ExperimentState]: (life: ExperimentLife) => ExperimentStatus };

/** How an experiment is, in the registry's words. */
export function experimentStatus(life: ExperimentLife): ExperimentStatus {
  const { status } = life.experiment;
  if (Object.hasOwn(cases, status)) return cases[status as ExperimentState](life);
  return {
    status: 'unknown',
    statusReason: `The registry says "${status}", which is none of pending, running, completed and failed.`,
  };
}

function running({ startedAt, writtenAt, now }: ExperimentLife): ExperimentStatus {
  const since = startedAt === undefined ? '' : ` since ${describeTime(startedAt)}`;
  const isQuiet = writtenAt === undefined || now - writtenAt > quietSeconds;
  if (startedAt === undefined || now - startedAt < staleSeconds || !isQuiet)
    return { status: 'running', statusReason: `The registry says running${since}.` };
  const log = writtenAt === undefined ? 'it has no log' : `its log was last written ${describeTime(writtenAt)}`;
  return { status: 'lost', statusReason: `The registry says running${since}, which is more than a day, and ${log}.` };
}

function failure(experiment: RegistryExperiment): string {
  const { errorCategory, errorMessage } = experiment;
  const kind = errorCategory === undefined ? '' : ` (${errorCategory})`;
  const said = errorMessage === undefined ? '' : `: ${errorMessage.trim().replace(/\.$/, '').slice(0, 500)}`;
  return `The registry says failed${kind}${exit(experiment)}${said}.`;
}

function exit({ exitCode }: RegistryExperiment): string {
  return exitCode === undefined ? '' : `, exit code ${exitCode}`;
}

function again({ retryCount }: RegistryExperiment): string {
  return retryCount === 0 ? '' : `, after ${retryCount} ${retryCount === 1 ? 'attempt' : 'attempts'}`;
}
