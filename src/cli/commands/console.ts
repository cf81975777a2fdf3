import { AppError } from '../../base/errors.ts';
import type { ConsoleLog, RunDetail } from '../../domain/run.ts';
import { parseArguments, UsageError, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { printJson, printTable } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { folderOf, printHelp } from './common.ts';
import { logOptions, printLog } from './log.ts';

const help = `trainyard console RUN [LOG] [--list] [--follow] [--tail BYTES] [--folder FOLDER] [--json]

Prints what a run printed, wherever its tracker keeps it: output.log of W&B, the log of a Hydra job, SLURM's output.
LOG is a title or a number of the list that --list prints; without it the first one is meant.
--tail prints only the last bytes; --follow goes on until the run ends. --json prints {"text", "size"}.`;

/** `trainyard console RUN [LOG]`. */
export async function runConsole(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, { ...logOptions, list: { type: 'boolean' } });
  if (values.help === true) return printHelp(help);
  const [wanted, title, ...more] = positionals;
  if (wanted === undefined) throw new UsageError('Give the name or id of a run.');
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many.`);
  const tail = wholeNumber(values.tail, 'tail', Number.MAX_SAFE_INTEGER);
  return withWorker(async (worker) => {
    const { id } = await findRun(worker, folderOf(values), wanted);
    const run = await worker.call('runs.get', { runId: id });
    const logs = run.console ?? [];
    if (values.list === true) return printList(run, logs, values.json === true);
    const log = logs.length === 0 && title === undefined ? undefined : indexOf(run, logs, title);
    const how = { tail, follow: values.follow === true, json: values.json === true };
    return await printLog(worker, { runId: id, ...(log === undefined ? {} : { log }) }, how);
  });
}

function printList(run: RunDetail, logs: readonly ConsoleLog[], json: boolean): number {
  if (json) printJson({ run: { id: run.id, name: run.name }, console: logs });
  else
    printTable(
      ['number', 'title', 'file'],
      logs.map(({ title, file, encoding }, index) => [
        String(index),
        title,
        encoding === 'wandb' ? `${file} (inside)` : file,
      ]),
    );
  return exitCodes.done;
}

function indexOf(run: RunDetail, logs: readonly ConsoleLog[], title: string | undefined): number {
  if (title === undefined) return 0;
  const named = logs.findIndex((log) => log.title === title);
  const index = named >= 0 ? named : /^\d+$/.test(title) ? Number(title) : -1;
  if (logs[index] !== undefined) return index;
  const known = logs.map((log) => log.title).join(', ');
  throw new AppError('not-found', `${run.name} has no console log "${title}".`, {
    hint: known === '' ? 'It has none.' : `It has ${known}.`,
  });
}
