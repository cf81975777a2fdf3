import type { RunStatus } from '../../domain/run.ts';
import type { ElsewhereFile, ExitFile, OutcomeFile, ProgressFile, ShimState } from '../../domain/runDirectory.ts';
import type { ProcessLife } from './processLife.ts';

/** Everything in a run directory that bears on how the run is. Times in seconds since 1970. */
export interface RunEvidence {
  readonly hasLaunch: boolean;
  /** A command of the repository was launched, which tells nothing of its progress. */
  readonly isCommand?: boolean;
  readonly hasRun: boolean;
  readonly exit: ExitFile | undefined;
  readonly outcome: OutcomeFile | undefined;
  readonly state: ShimState | undefined;
  readonly elsewhere?: ElsewhereFile | undefined;
  readonly progress: ProgressFile | undefined;
  /** Of the processes in `state`. */
  readonly shim: ProcessLife | undefined;
  readonly child: ProcessLife | undefined;
  readonly now: number;
}

export interface StatusWithReason {
  readonly status: RunStatus;
  /** The evidence in a sentence. It does not change while the evidence stays the same, so that lists are not redrawn for a clock. */
  readonly statusReason: string;
}

/** A sign of life that is older than this is none: the shim's comes every 2 s, the trainer's every few seconds. */
const silenceSeconds = 60;

/** Cases in order: the first that speaks is right. What ended is known best by the shim, then by the trainer; what runs, by the processes. */
const cases: readonly ((evidence: RunEvidence) => StatusWithReason | undefined)[] = [
  ended,
  outcomeWithoutExit,
  anotherMachine,
  processes,
  heartbeatOnly,
  progressOnly,
  notStarted,
];

/** How a run is, with the evidence. */
export function runStatus(evidence: RunEvidence): StatusWithReason {
  for (const speaks of cases) {
    const found = speaks(evidence);
    if (found !== undefined) return found;
  }
  return { status: 'unknown', statusReason: 'The directory holds no file that tells how the run is.' };
}

/** exit.json: the process has ended, and the shim saw how. */
function ended({ exit, outcome }: RunEvidence): StatusWithReason | undefined {
  if (exit === undefined) return undefined;
  const how = describeExit(exit);
  if (outcome !== undefined) return outcomeWithExit(outcome, exit);
  if (exit.stopRequested) return { status: 'stopped', statusReason: `Stopped on request; ${how}.` };
  if (exit.error !== undefined) return { status: 'failed', statusReason: `${exit.error} (${how})` };
  if (exit.code === 0) return { status: 'finished', statusReason: `Ended with ${how}.` };
  if (signalOf(exit) !== undefined) return { status: 'killed', statusReason: `${capital(how)}.${killHint(exit)}` };
  return { status: 'failed', statusReason: `Ended with ${how}. The log says more.` };
}

function outcomeWithExit(outcome: OutcomeFile, exit: ExitFile): StatusWithReason {
  const said = describeOutcome(outcome);
  // The trainer itself ends with 130 or 143 when it was stopped, so here the number is no signal.
  const how = exit.signal === null ? `exit code ${exit.code}` : `killed by ${exit.signal}`;
  // A run that reported its end and then fell over while leaving has still done its work.
  const isNormal = exit.signal === null && (outcome.status !== 'finished' || exit.code === 0);
  return {
    status: outcome.status,
    statusReason: `${isNormal ? `${said} (${how}).` : `${said}, and then its process ended by itself: ${how}.`}${nextMove(outcome)}`,
  };
}

/** outcome.json without exit.json: the trainer ran without a shim, or the shim has not written yet, or was killed. */
function outcomeWithoutExit({ outcome }: RunEvidence): StatusWithReason | undefined {
  return outcome === undefined
    ? undefined
    : { status: outcome.status, statusReason: `${describeOutcome(outcome)}.${nextMove(outcome)}` };
}

/** elsewhere.json: the target that asks another machine says what it learnt. */
function anotherMachine({ elsewhere }: RunEvidence): StatusWithReason | undefined {
  return elsewhere === undefined ? undefined : { status: elsewhere.state, statusReason: elsewhere.detail };
}

/** state.json names processes of this machine. */
function processes({ state, shim, child, progress, isCommand }: RunEvidence): StatusWithReason | undefined {
  if (state === undefined || shim === undefined) return undefined;
  if (child === 'alive') return runningProcess(state, shim, progress !== undefined || isCommand === true);
  if (shim === 'alive') {
    if (state.child === undefined)
      return { status: 'starting', statusReason: `Shim ${state.shim.pid} is starting the run.` };
    return {
      status: 'running',
      statusReason: `Process ${state.child.pid} has just ended; its exit code is on the way.`,
    };
  }
  if (shim === 'elsewhere') return undefined;
  const pid = state.child?.pid ?? state.shim.pid;
  return { status: 'lost', statusReason: `Process ${pid} is gone and nobody saw how it ended.` };
}

function runningProcess(state: ShimState, shim: ProcessLife, hasBegun: boolean): StatusWithReason {
  const guarded = shim === 'alive' ? '' : ' Its shim is gone, so its exit code will not be known.';
  return {
    status: hasBegun ? 'running' : 'starting',
    statusReason: `Process ${state.child!.pid} is alive.${guarded}`,
  };
}

/** state.json names processes of another machine, or of this one before it was started anew: only the heartbeat speaks. */
function heartbeatOnly({ state, now }: RunEvidence): StatusWithReason | undefined {
  if (state === undefined) return undefined;
  if (now - state.heartbeatAt < silenceSeconds) {
    return { status: 'running', statusReason: 'Its heartbeat is fresh; the process is not on this machine.' };
  }
  return {
    status: 'lost',
    statusReason: `No heartbeat since ${describeTime(state.heartbeatAt)}. The machine went down, or was started anew.`,
  };
}

/** progress.json alone: a trainer that somebody started by hand, or that another scheduler started. */
function progressOnly({ progress, now }: RunEvidence): StatusWithReason | undefined {
  if (progress === undefined) return undefined;
  if (now - progress.updatedAt < silenceSeconds)
    return { status: 'running', statusReason: 'The trainer reports its progress.' };
  return {
    status: 'lost',
    statusReason: `No sign of life since ${describeTime(progress.updatedAt)}, at step ${progress.step}, and no word about the end.`,
  };
}

function notStarted({ hasLaunch, hasRun }: RunEvidence): StatusWithReason | undefined {
  if (hasRun)
    return {
      status: 'unknown',
      statusReason: 'The run described itself, but there is no sign of life and no word about its end.',
    };
  if (hasLaunch) return { status: 'queued', statusReason: 'Launched; nothing has started yet.' };
  return undefined;
}

function describeOutcome({ status, step, error }: OutcomeFile): string {
  if (status === 'finished') return `Finished at step ${step}`;
  if (status === 'stopped') return `Stopped at step ${step} with a checkpoint`;
  return `Failed at step ${step}: ${(error?.message ?? 'the trainer gave no reason').replace(/\.$/, '')}`;
}

/** What the trainer said that could be done. */
function nextMove({ error }: OutcomeFile): string {
  return error?.hint === undefined ? '' : ` ${error.hint}`;
}

function describeExit(exit: ExitFile): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  const signal = signalOf(exit);
  return signal === undefined ? `exit code ${exit.code}` : `exit code ${exit.code}, killed by ${signal}`;
}

/** The signal that ended a process; a shell in between reports 128 plus its number. */
function signalOf({ code, signal }: ExitFile): string | undefined {
  if (signal !== null) return signal;
  return code === null ? undefined : shellSignals.get(code);
}

const shellSignals: ReadonlyMap<number, string> = new Map([
  [129, 'SIGHUP'],
  [130, 'SIGINT'],
  [131, 'SIGQUIT'],
  [132, 'SIGILL'],
  [134, 'SIGABRT'],
  [135, 'SIGBUS'],
  [136, 'SIGFPE'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
  [143, 'SIGTERM'],
]);

function killHint(exit: ExitFile): string {
  return signalOf(exit) === 'SIGKILL' ? ' Nobody here asked for it; running out of memory is the usual reason.' : '';
}

function describeTime(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
