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
--json prints {"text", "size"}, without --follow.`;

const pageBytes = 256 * 1024;
const pollMs = 300;

/** `trainyard log RUN`. */
export async function runLog(args: readonly string[]): Promise<number> {
  const options = { ...commonOptions, follow: { type: 'boolean', short: 'f' }, tail: { type: 'string' } } as const;
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const wanted = onlyPositional(positionals, 'the name or id of a run');
  const tail = wholeNumber(values.tail, 'tail', Number.MAX_SAFE_INTEGER);
  return withWorker(async (worker) => {
    const { id } = await findRun(worker, folderOf(values), wanted);
    const { size } = await worker.call('log.read', { runId: id, from: 0, maxBytes: 0 });
    const start = Math.max(0, size - tail);
    if (values.json === true) {
      let text = '';
      await readFrom(worker, id, start, (piece) => {
        text += piece;
      });
      printJson({ text, size });
      return exitCodes.done;
    }
    let at = await readFrom(worker, id, start, write);
    while (values.follow === true && isActive((await worker.call('runs.get', { runId: id })).status)) {
      await delay(pollMs);
      at = await readFrom(worker, id, at, write);
    }
    // What was written between the last look and the end.
    if (values.follow === true) await readFrom(worker, id, at, write);
    return exitCodes.done;
  });
}

/** Reads the log from an offset to its present end; gives the offset where it ended. */
async function readFrom(worker: WorkerLink, runId: RunId, from: number, take: (text: string) => void): Promise<number> {
  for (let at = from; ; ) {
    const { text, next, size } = await worker.call('log.read', { runId, from: at, maxBytes: pageBytes });
    take(text);
    if (next >= size || next === at) return next;
    at = next;
  }
}
