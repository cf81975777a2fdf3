import type { RunFacts } from '../../domain/records.ts';
import { describeTime, textLogStatus } from '../text/life.ts';
import type { StatePlace } from './places.ts';
import type { TrainerState } from './stateFile.ts';

/**
 * The status that a state gives evidence for. The Trainer logs `train_runtime` when its loop has ended (transformers/trainer.py, _inner_training_loop);
 * `should_training_stop` is set at the last step, or by a callback such as early stopping.
 */
export function stateStatus(
  state: TrainerState | undefined,
  newest: StatePlace | undefined,
  grew: boolean,
  now: number,
): Pick<RunFacts, 'status' | 'statusReason' | 'endedAt'> {
  const ended = state === undefined ? undefined : evidenceOfEnd(state);
  if (ended !== undefined && newest !== undefined)
    return { status: 'finished', statusReason: ended, endedAt: newest.modifiedAt };
  const life = textLogStatus({
    state: newest === undefined ? undefined : { ...newest, inode: '' },
    grew,
    now,
    log: 'trainer_state.json',
  });
  if (life.status === 'running' || newest === undefined || state === undefined) return life;
  const { global_step: step, max_steps: total } = state.fields;
  const reached = typeof total === 'number' && total > 0 ? `step ${step} of ${total}` : `step ${step}`;
  return {
    status: 'unknown',
    statusReason: `The last state was saved at ${reached}, ${describeTime(newest.modifiedAt)}.`,
  };
}

function evidenceOfEnd({ fields, log }: TrainerState): string | undefined {
  const { global_step: step, max_steps: total } = fields;
  const last = log.findLast((entry) => 'train_runtime' in entry);
  const end = last?.['step'];
  if (typeof end === 'number' && typeof step === 'number' && end >= step)
    return `The Trainer logged the running time of its training at step ${end}.`;
  if (typeof step !== 'number' || typeof total !== 'number' || total <= 0) return undefined;
  if (step >= total) return `The Trainer reached its last step, ${step} of ${total}.`;
  return asksToStop(fields) ? `A callback ended the training at step ${step} of ${total}.` : undefined;
}

function asksToStop(fields: TrainerState['fields']): boolean {
  const callbacks = fields['stateful_callbacks'] as { readonly TrainerControl?: unknown } | null | undefined;
  const control = callbacks?.TrainerControl as
    | { readonly args?: { readonly should_training_stop?: unknown } }
    | undefined;
  return control?.args?.should_training_stop === true;
}
