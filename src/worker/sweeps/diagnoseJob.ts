import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { diagnose } from '../../domain/diagnosis.ts';
import type { Failure } from '../../domain/failure.ts';
import { type ExitFile, type OutcomeFile, runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import { readStop } from '../../launch/local/jobFiles.ts';
import type { EndPresence } from '../../scheduler/scheduler.ts';
import { launchRecordOf } from '../launching/again.ts';

/** A traceback, and what is usually printed behind one, is not longer. */
const tailBytes = 64 * 1024;

/** Why a job did not end well, from what its run directory holds and what the target says. Files that are missing or cut say nothing. */
export function diagnoseJob(directory: string, presence: EndPresence): Failure {
  const exit = readJson<ExitFile>(path.join(directory, runFiles.exit));
  const outcome = readJson<OutcomeFile>(path.join(directory, runFiles.outcome));
  const ended = presence.kind === 'ended' ? presence : undefined;
  const failure = diagnose({
    detail: presence.detail,
    stopRequested: exit?.stopRequested === true || readStop(directory) !== undefined,
    output: tailOf(path.join(directory, runFiles.log)),
    ...(ended?.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
    ...(ended?.signal === undefined ? {} : { signal: ended.signal }),
    ...(outcome?.error === undefined ? {} : { error: outcome.error }),
  });
  if (failure.file === undefined) return failure;
  return { ...failure, file: hereOf(failure.file, launchRecordOf(directory)?.cwd) };
}

function tailOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}

/** The file on this machine: relative names stand in the folder that the program ran in, and a copy of the code elsewhere is that of the folder here. */
function hereOf(file: string, cwd: string | undefined): string {
  if (cwd === undefined || (path.isAbsolute(file) && existsSync(file))) return file;
  const parts = file.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  for (let from = 0; from < parts.length; from++) {
    const here = path.join(cwd, ...parts.slice(from));
    if (existsSync(here)) return here;
  }
  return file;
}
