import path from 'node:path';
import type { RunSummary } from '../../domain/run.ts';
import { exitCodes } from '../exitCodes.ts';
import { print } from '../output.ts';

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
export function exitCodeOf(run: RunSummary): number {
  return run.status === 'finished' ? exitCodes.done : exitCodes.failed;
}
