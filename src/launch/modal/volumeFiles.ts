import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { ModalSettings, RemoteFile } from '../../domain/target.ts';
import { readJson } from '../files.ts';
import type { Executor } from '../remote/executor.ts';
import type { JobPlace } from '../target.ts';
import { placeOf } from './frames.ts';
import { remoteFilesFile } from './modalNote.ts';

/** Copies of files that the command made beside its run directory: they lay on the sandbox's own disk. */
const besideTheRun = 'files/';
const getLimitMs = 60 * 60 * 1000;

/** Files of the run that the sandbox told of, newest first. */
export function modalFiles(job: JobPlace): readonly RemoteFile[] {
  const listed = readJson<readonly unknown[]>(path.join(job.directory, remoteFilesFile)) ?? [];
  return listed
    .flatMap((row) => {
      if (!Array.isArray(row)) return [];
      const [file, sizeBytes, modifiedAt] = row as unknown[];
      if (typeof file !== 'string' || typeof sizeBytes !== 'number' || typeof modifiedAt !== 'number') return [];
      const local = placeOf(job.directory, file);
      if (local === undefined) return [];
      const here = existsSync(local) && statSync(local).size === sizeBytes;
      return [{ path: file, sizeBytes, modifiedAt, here }];
    })
    .sort((a, b) => b.modifiedAt - a.modifiedAt);
}

/** Brings a file of the run's volume here by `modal volume get`, since the SDK cannot read volumes. Gives its absolute path. */
export async function fetchModalFile(job: JobPlace, file: string, executor: Executor): Promise<string> {
  const settings = settingsOf(job);
  const local = placeOf(job.directory, file);
  if (local === undefined || settings === undefined || !modalFiles(job).some((each) => each.path === file))
    throw new AppError('not-found', `The run has no file ${file} at Modal.`);
  if (settings.volume === undefined || file.startsWith(besideTheRun)) {
    throw new AppError('not-found', `${file} lay on the disk of the sandbox, which went with it.`, {
      hint: 'Name a volume in the target, and have the program write what should stay below TRAINYARD_RUN_DIR.',
    });
  }
  mkdirSync(path.dirname(local), { recursive: true });
  const program = settings.program ?? ['modal'];
  const source = `runs/${job.runId}/${file}`;
  const answer = await executor.run([...program, 'volume', 'get', '--force', settings.volume, source, local], {
    timeoutMs: getLimitMs,
  });
  if (answer.code === 0 && existsSync(local)) return local;
  throw new AppError('unreachable', `${program.join(' ')} could not bring ${source}: ${answer.stderr.trim()}`, {
    hint: 'Look whether "modal volume ls" works in a terminal.',
  });
}

function settingsOf(job: JobPlace): ModalSettings | undefined {
  const record = readJson<LaunchRecord>(path.join(job.directory, runFiles.launch));
  const settings = record?.commandLaunch?.target.settings;
  return settings?.kind === 'modal' ? settings : undefined;
}
