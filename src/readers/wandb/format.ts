import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, RunFormat } from '../format.ts';
import { EitherReader } from './eitherReader.ts';
import { fileHeader } from './logFile.ts';
import { isLogName, oldLogs, oldSideFileNames, parentNames, wandbIdOf } from './names.ts';
import { WandbReader } from './reader.ts';

export { wandbIdOf } from './names.ts';

/** The folder of one run that W&B wrote, online or offline: all that is in it belongs to the run. */
export const wandbFormat: RunFormat = {
  source: 'wandb',
  title: 'W&B directories',
  match: matchFolder,
  open: (run) => (isLogName(path.basename(run.path)) ? openLog(run) : new EitherReader(run)),
  openFile: (run, log) => new WandbReader(run, { log }),
  matchFile: (_name, head) => fileHeader.every((byte, index) => head[index] === byte),
};

function matchFolder({ path: folder, root, files, folders }: FolderListing): FolderMatch | undefined {
  const name = path.basename(folder);
  const hasLog = files.some(isLogName) || (wandbIdOf(name) !== undefined && files.includes(oldLogs.history));
  const isNamed = wandbIdOf(name) !== undefined && parentNames.has(path.basename(path.dirname(folder)));
  // A run that was killed early may have no log; the folder `files` is made first, and before 0.10 the metadata.
  if (!hasLog && !(isNamed && (folders.includes('files') || files.includes(oldSideFileNames.metadata))))
    return undefined;
  const logs = files.filter(isLogName);
  // Logs that somebody brought together: each is a run of its own, and the folder is nobody's.
  if (logs.length > 1 && wandbIdOf(name) === undefined)
    return { runs: logs.map((log) => logRun(root, path.resolve(folder, log))), descend: true };
  // A link to the run, or a copy that a tool made of the link.
  if (name === 'latest-run' && folder !== root) return { runs: [], descend: false, exclusive: true };
  const run: FoundRun = { source: 'wandb', path: path.resolve(folder), root, name: runName(root, folder) };
  return { runs: [run], descend: false, exclusive: true };
}

function logRun(root: string, file: string): FoundRun {
  const stem = path.join(path.dirname(file), path.basename(file, path.extname(file)));
  return { source: 'wandb', path: file, root, name: runName(root, stem) };
}

function openLog(run: FoundRun): WandbReader {
  return new WandbReader({ ...run, path: path.dirname(run.path) }, { log: path.basename(run.path), isAlone: true });
}
