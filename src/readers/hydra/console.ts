import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ConsoleLog } from '../../domain/records.ts';

/** So many logs of one job are listed. */
const mostLogs = 20;

/** What the program of a job printed: the job's own log first, then other logs beside it, then what submitit caught of it on a cluster. */
export async function consoleOf(
  folder: string,
  { own, onlyOwn }: { readonly own: string | undefined; readonly onlyOwn: boolean },
  submission: Submission | undefined,
): Promise<readonly ConsoleLog[]> {
  const names = (await namesIn(folder)).filter((name) => name === own || (name.endsWith('.log') && !onlyOwn));
  const ordered = names.sort((a, b) => Number(b === own) - Number(a === own) || (a < b ? -1 : 1));
  const beside = ordered.slice(0, mostLogs).map((name) => textLog(name, path.join(folder, name)));
  return [...beside, ...(submission?.console ?? [])];
}

/** What the submitit launcher keeps of one job of a sweep. */
export interface Submission {
  readonly console: readonly ConsoleLog[];
  /** The pickled outcome, where the job's function has come back. */
  readonly result: string | undefined;
}

/**
 * The files of submitit for a job with this id ("4711_3"), in `<sweep>/.submitit/<id>/`. Source: hydra_plugins/hydra_submitit_launcher/config.py (submitit_folder) and
 * submitit/core/utils.py (JobPaths: `<id>_<task>_log.out`, `<id>_<task>_result.pkl`).
 */
export async function submissionOf(
  sweep: string | undefined,
  jobId: string | undefined,
): Promise<Submission | undefined> {
  if (sweep === undefined || jobId === undefined || !/^\d+(_\d+)?$/.test(jobId)) return undefined;
  const folder = path.join(sweep, '.submitit', jobId);
  const names = (await namesIn(folder)).filter((name) => name.startsWith(`${jobId}_`));
  const logs = names.filter((name) => /_log\.(?:out|err)$/.test(name)).sort();
  const console = logs.slice(0, mostLogs).map((name) => textLog(name, path.join(folder, name)));
  const result = names.find((name) => name === `${jobId}_0_result.pkl`);
  return { console, result: result === undefined ? undefined : path.join(folder, result) };
}

function textLog(title: string, file: string): ConsoleLog {
  return { title, file, encoding: 'text' };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
