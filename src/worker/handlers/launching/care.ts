import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { WorkerServices } from '../../services.ts';

/** Dangers that hold now, for windows that were not there when they were told. */
export function careHandlers(worker: WorkerServices): Pick<Handlers<WorkerMethods>, 'care.list'> {
  return { 'care.list': () => ({ warnings: worker.care.warnings }) };
}
