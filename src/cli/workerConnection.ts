import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { WorkerLink } from '../client/index.ts';

/** Does something with the user's worker, which is started where none runs; the link ends with it, the worker does not. */
export async function withWorker<T>(use: (worker: WorkerLink) => Promise<T>): Promise<T> {
  const worker = new WorkerLink({ client: 'cli', version: programVersion, workerFile: workerFile() });
  try {
    return await use(worker);
  } finally {
    worker.dispose();
  }
}

/** The worker's program: beside the bundle that this is, or the source where this runs from source. */
function workerFile(): string {
  const bundled = path.join(import.meta.dirname, 'worker.cjs');
  const source = path.join(import.meta.dirname, '..', 'worker', 'main.ts');
  const found = [bundled, source].find(existsSync);
  if (found === undefined)
    throw new AppError('worker-unavailable', `${bundled} is missing.`, {
      hint: 'Install Trainyard again, or run "npm run build".',
    });
  return found;
}
