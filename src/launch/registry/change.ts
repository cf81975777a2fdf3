import { chmodSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../base/errors.ts';
import { PythonNumber, type PythonObject, type PythonValue, printPythonJson } from '../../domain/pythonJson.ts';
import { syncFolder, writeAndSync } from '../files.ts';
import { withFileLock } from './lock.ts';
import { identityOf, type RegistryText, readRegistryText } from './read.ts';

/** Gives the experiments anew, or undefined where nothing is to be changed. Called again when another writer was faster, so it must not count on being called once. */
export type RegistryEdit = (experiments: PythonObject) => PythonObject | undefined;

/** Those scripts read, change and replace the file without holding their lock all the while; a change of ours that falls in between is written again. */
const checksAfterMs = [60, 240] as const;
/** So long a change is tried, by time and not by a count, since a busy machine makes every try slow and no try hopeless. */
const patienceMs = 20_000;
const firstPauseMs = 10;
const longestPauseMs = 500;

/**
 * Changes the registry: under the scripts' own lock, on what the file holds at that moment, by a temporary file and a rename, as they do. Throws
 * `bad-file` where the file is no registry, `conflict` where other writers undo the change for twenty seconds.
 */
export async function changeRegistry(file: string, edit: RegistryEdit): Promise<void> {
  // The program that locks would make the file.
  readOrThrow(file);
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; performance.now() < deadline; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const { value: written } = await withFileLock(file, () => writeOnce(file, edit));
    if (written === 'unchanged') return;
    if (written === 'written' && (await stands(file, edit))) return;
    // Some chance in the pause, so that two that write alike fall out of step.
    await delay(pauseMs * (0.5 + Math.random()));
  }
  throw new AppError('conflict', `${file} is being written by other programs all the time.`, {
    hint: 'Try again in a moment.',
  });
}

function writeOnce(file: string, edit: RegistryEdit): 'written' | 'unchanged' | 'overtaken' {
  const text = readOrThrow(file);
  const experiments = edit(text.experiments);
  if (experiments === undefined) return 'unchanged';
  const content = printPythonJson(withExperiments(text, experiments), text.layout);
  const temporary = path.join(path.dirname(file), `.registry_${process.pid}_${Date.now().toString(36)}.tmp`);
  try {
    writeAndSync(temporary, content);
    chmodSync(temporary, text.mode);
    if (identityOf(file) !== text.identity) return 'overtaken';
    renameSync(temporary, file);
    syncFolder(path.dirname(file));
    return 'written';
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Whether the change is still there a moment later: a second application finds nothing to do. */
async function stands(file: string, edit: RegistryEdit): Promise<boolean> {
  for (const ms of checksAfterMs) {
    await delay(ms);
    if (edit(readOrThrow(file).experiments) !== undefined) return false;
  }
  return true;
}

function readOrThrow(file: string): RegistryText {
  const text = readRegistryText(file);
  if (text.ok) return text.value;
  throw new AppError(text.reason, text.message, {
    hint: text.reason === 'bad-file' ? 'Mend the file first; nothing was written.' : 'Look for it under another name.',
  });
}

function withExperiments({ root }: RegistryText, experiments: PythonObject): PythonObject {
  const meta = root.get('meta');
  const changedMeta = new Map<string, PythonValue>(meta instanceof Map ? meta : []);
  changedMeta.set('last_updated', localIsoTime(new Date()));
  return new Map<string, PythonValue>([...root, ['meta', changedMeta], ['experiments', experiments]]);
}

/** Local time without a zone and with microseconds, as `datetime.now().isoformat()` writes it. */
function localIsoTime(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(0, -1)}000`;
}

/** An integer for the file. */
export function pythonInteger(value: number): PythonNumber {
  return new PythonNumber(String(Math.trunc(value)));
}
