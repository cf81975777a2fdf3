import path from 'node:path';
import type { WorkerLink } from '../../client/index.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote } from '../output.ts';
import { waitForRun } from '../waitForRun.ts';

/** Options that every command with a worker has. */
export const commonOptions = {
  folder: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The folder whose runs are meant: the one given, else the current one. */
export function folderOf(values: { readonly folder?: string | undefined }): string {
  return path.resolve(values.folder ?? '.');
}

export function printHelp(help: string): number {
  print(help);
  return exitCodes.done;
}

/** What a command that waited for a run gives: success only for a run that finished. */
function exitCodeOf(run: RunSummary): number {
  return run.status === 'finished' ? exitCodes.done : exitCodes.failed;
}

/** What is said of a launch beyond its run: a sentence for people, fields for programs. */
export interface LaunchRemarks {
  readonly sentence?: string;
  readonly fields?: { readonly [name: string]: string };
}

/** Says that a run is in the queue and, where that is wanted, waits for its end and says how it went. Gives the exit code. */
export async function reportLaunch(
  worker: WorkerLink,
  { runId, run }: { readonly runId: RunId; readonly run: RunSummary },
  { wait, json }: { readonly wait?: boolean | undefined; readonly json?: boolean | undefined },
  { sentence, fields }: LaunchRemarks = {},
): Promise<number> {
  const queued = [`Queued ${run.name} (${runId}) in ${run.path}.`, sentence ?? ''].filter(Boolean).join(' ');
  if (wait !== true) {
    if (json === true) printJson({ runId, run, ...fields });
    else print(queued);
    return exitCodes.done;
  }
  if (json !== true) printNote(queued);
  const ended = await waitForRun(worker, runId);
  if (json === true) printJson({ runId, run: ended, ...fields });
  else print(`${ended.name}: ${ended.status}. ${ended.statusReason}`);
  return exitCodeOf(ended);
}
