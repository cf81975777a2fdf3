import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError, toErrorInfo } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { syncFolder, writeAndSync } from '../../launch/files.ts';
import type { SnapshotFile } from '../../launch/snapshot/snapshotFiles.ts';

/** What a new run directory holds. */
export interface DirectoryContent {
  readonly record: LaunchRecord;
  readonly configYaml?: string;
  readonly patch?: string;
  readonly files?: readonly SnapshotFile[];
}

/**
 * Makes a run directory at once with all its files: they are written and synced under a hidden name beside it, which is then renamed.
 * False where the place is taken by a folder with something in it; nothing is left behind then.
 */
export function makeRunDirectory(
  directory: string,
  { record, configYaml, patch, files = [] }: DirectoryContent,
): boolean {
  const parent = path.dirname(directory);
  const staging = stagingFolder(directory, record.id);
  try {
    mkdirSync(parent, { recursive: true });
    mkdirSync(staging, { mode: 0o700 });
    writeAndSync(path.join(staging, runFiles.launch), `${JSON.stringify(record, undefined, 2)}\n`);
    if (configYaml !== undefined) writeAndSync(path.join(staging, runFiles.config), configYaml);
    if (patch !== undefined) writeAndSync(path.join(staging, runFiles.patch), patch);
    for (const file of files) writeCopy(staging, file);
    syncFolder(staging);
    const isMade = !existsSync(directory) && renameUnlessTaken(staging, directory);
    if (isMade) syncFolder(parent);
    return isMade;
  } catch (error) {
    throw cannotMake(directory, error);
  } finally {
    removeStaging(directory, record.id);
  }
}

/** Copies are not synced one by one: hundreds of waits for the disk would delay the start, and a power cut that loses them loses the job as well. */
function writeCopy(folder: string, { path: relative, content, mode = 0o600 }: SnapshotFile): void {
  const file = path.join(folder, relative);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode });
}

/** Removes what a launch that was cut off may have left beside the directory. */
export function removeStaging(directory: string, id: string): void {
  rmSync(stagingFolder(directory, id), { recursive: true, force: true });
}

function stagingFolder(directory: string, id: string): string {
  return path.join(path.dirname(directory), `.${path.basename(directory)}.${id}.tmp`);
}

function renameUnlessTaken(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (
      ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') &&
      existsSync(to)
    )
      return false;
    throw error;
  }
}

function cannotMake(directory: string, error: unknown): AppError {
  const info = toErrorInfo(error);
  return new AppError(
    info.code === 'internal' ? 'read-only' : info.code,
    `The run directory ${directory} cannot be made: ${info.message}`,
    {
      hint: info.hint ?? 'Choose another folder for runs (setting trainyard.runsFolder), or make this one writable.',
      cause: error,
    },
  );
}
