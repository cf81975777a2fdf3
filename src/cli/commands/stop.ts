import { AppError } from '../../base/errors.ts';
import { isActive } from '../../domain/run.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { print, printJson } from '../output.ts';
import { waitForRun } from '../waitForRun.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard stop RUN [--force] [--wait] [--folder FOLDER] [--json]

Stops a run, given by its name or id. It ends after the block of steps that it is in and keeps a checkpoint.
--force kills it at once. A run that waits in the queue is taken out of it.

Exit code: 0 asked to stop (with --wait: ended), 1 not there or not running, 2 wrong command line.`;

/** `trainyard stop RUN`. */
export async function runStop(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...commonOptions,
    force: { type: 'boolean' },
    wait: { type: 'boolean' },
  });
  if (values.help === true) return printHelp(help);
  const wanted = onlyPositional(positionals, 'the name or id of a run');
  return withWorker(async (worker) => {
    const run = await findRun(worker, folderOf(values), wanted);
    if (!isActive(run.status))
      throw new AppError('conflict', `${run.name} does not run: it is ${run.status}. ${run.statusReason}`);
    await worker.call('runs.stop', { runId: run.id, ...(values.force === true ? { force: true } : {}) });
    const now =
      values.wait === true ? await waitForRun(worker, run.id) : await worker.call('runs.get', { runId: run.id });
    if (values.json === true) printJson({ runId: run.id, status: now.status, statusReason: now.statusReason });
    else print(`${now.name}: ${now.status}. ${now.statusReason}`);
    return exitCodes.done;
  });
}
