import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerLink } from '../../client/index.ts';
import type { RunId } from '../../domain/ids.ts';
import { isActive } from '../../domain/run.ts';
import { onlyPositional, parseArguments, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { printJson, write } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard log RUN [--follow] [--tail BYTES] [--folder FOLDER] [--json]

Prints what a run wrote to its terminal. --tail prints only the last bytes; --follow goes on until the run ends.
--json prints {"text", "size"}, without --follow. Runs of other tools: the first of the logs that "trainyard console" lists.`;

const pageBytes = 256 * 1024;
const pollMs = 300;

/** Options of commands that print a log. */
export const logOptions = {
  ...commonOptions,
  follow: { type: 'boolean', short: 'f' },
  tail: { type: 'string' },
} as const;

/** `trainyard log RUN`. */
export async function runLog(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, logOptions);
  if (values.help === true) return printHelp(help);
  const wanted = onlyPositional(positionals, 'the name or id of a run');
  const tail = wholeNumber(values.tail, 'tail', Number.MAX_SAFE_INTEGER);
  return withWorker(async (worker) => {
    const { id } = await findRun(worker, folderOf(values), wanted);
    return await printLog(worker, { runId: id }, { tail, follow: values.follow === true, json: values.json === true });
  });
}

/** One of a run's logs; without a number its own output. */
interface LogPlace {
  readonly runId: RunId;
  readonly log?: number;
}

/** Prints a log, from so many bytes before its end on, and goes on until the run ends where that is wanted. Gives the exit code. */
export async function printLog(
  worker: WorkerLink,
  place: LogPlace,
  { tail, follow, json }: { readonly tail: number; readonly follow: boolean; readonly json: boolean },
): Promise<number> {
  const { size } = await worker.call('log.read', { ...place, from: 0, maxBytes: 0 });
  const start = Math.max(0, size - tail);
  if (json) {
    let text = '';
    await readFrom(worker, place, start, (piece) => {
      text += piece;
    });
    printJson({ text, size });
    return exitCodes.done;
  }
  let at = await readFrom(worker, place, start, write);
  while (follow && isActive((await worker.call('runs.get', { runId: place.runId })).status)) {
    await delay(pollMs);
    at = await readFrom(worker, place, at, write);
  }
  // What was written between the last look and the end.
  if (follow) await readFrom(worker, place, at, write);
  return exitCodes.done;
}

/** Reads the log from an offset to its present end; gives the offset where it ended. */
async function readFrom(
  worker: WorkerLink,
  place: LogPlace,
  from: number,
  take: (text: string) => void,
): Promise<number> {
  for (let at = from; ; ) {
    const { text, next, size } = await worker.call('log.read', { ...place, from: at, maxBytes: pageBytes });
    take(text);
    if (next >= size || next === at) return next;
    at = next;
  }
}
