import type { FailureKind } from '../../domain/failure.ts';

/** What a state of SLURM means for us, and what to tell a person where the job did not end by itself. */
export interface StateMeaning {
  readonly phase: 'waiting' | 'running' | 'ended';
  /** Why the run failed, where the state itself says it. */
  readonly failure?: FailureKind;
  readonly sentence?: string;
}

/**
 * Job states of squeue and sacct (man pages of SLURM 22.05, "JOB STATE CODES"). Text behind the first word, as in "CANCELLED by 1000", is not part of it.
 * A requeued job is PENDING again; PREEMPTED stays only where the cluster does not requeue.
 */
const meanings: { readonly [state: string]: StateMeaning } = {
  PENDING: { phase: 'waiting' },
  CONFIGURING: { phase: 'waiting' },
  REQUEUED: { phase: 'waiting' },
  REQUEUE_HOLD: { phase: 'waiting' },
  REQUEUE_FED: { phase: 'waiting' },
  SPECIAL_EXIT: { phase: 'waiting' },
  RESV_DEL_HOLD: { phase: 'waiting' },
  RUNNING: { phase: 'running' },
  COMPLETING: { phase: 'running' },
  SUSPENDED: { phase: 'running' },
  STOPPED: { phase: 'running' },
  SIGNALING: { phase: 'running' },
  STAGE_OUT: { phase: 'running' },
  RESIZING: { phase: 'running' },
  COMPLETED: { phase: 'ended' },
  FAILED: { phase: 'ended' },
  CANCELLED: { phase: 'ended' },
  TIMEOUT: {
    phase: 'ended',
    failure: 'time-limit',
    sentence: 'It reached its time limit. Resume it from its last checkpoint, or ask for more time.',
  },
  DEADLINE: { phase: 'ended', failure: 'time-limit', sentence: 'It reached its deadline.' },
  PREEMPTED: {
    phase: 'ended',
    failure: 'pre-empted',
    sentence: 'Another job took its place and the cluster did not queue it again. Resume it from its last checkpoint.',
  },
  NODE_FAIL: {
    phase: 'ended',
    failure: 'node-failure',
    sentence: 'Its node failed. Resume it from its last checkpoint.',
  },
  BOOT_FAIL: { phase: 'ended', failure: 'node-failure', sentence: 'Its node did not boot. Launch it again.' },
  OUT_OF_MEMORY: {
    phase: 'ended',
    failure: 'oom',
    sentence: 'It used more memory than it asked for. Ask for more with mem, or make the batch smaller.',
  },
  REVOKED: { phase: 'ended', sentence: 'It went to another cluster of the federation.' },
};

/** Meaning of a state as SLURM writes it; an unknown one counts as running, since taking a job for ended loses it. */
export function meaningOf(state: string): StateMeaning {
  return meanings[firstWord(state)] ?? { phase: 'running' };
}

/** "CANCELLED by 1000" → "CANCELLED", "CANCELLED+" → "CANCELLED". */
export function firstWord(state: string): string {
  return /^[A-Z_]*/.exec(state.trim())?.[0] ?? '';
}
