import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { WorkerServices } from '../../services.ts';

/** Answers of people to programs. */
export function secretsHandlers(worker: WorkerServices): Pick<Handlers<WorkerMethods>, 'secrets.answer'> {
  return {
    'secrets.answer': ({ id, answer }) => {
      worker.secrets.answer(id, answer);
      return null;
    },
  };
}
