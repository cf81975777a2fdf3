import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, RunFormat } from '../format.ts';
import { hydraFolder } from './places.ts';
import { HydraReader } from './reader.ts';

export { type HydraPlace, hydraPlace } from './places.ts';

/** Hydra output folders: a job is a run even where no logger wrote anything. Loggers below it are found by their own formats. */
export const hydraFormat: RunFormat = {
  source: 'hydra',
  title: 'Hydra output folders',
  match: matchFolder,
  open: (run) => new HydraReader(run),
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!folder.folders.includes(hydraFolder)) return undefined;
  const name = runName(folder.root, folder.path);
  const run: FoundRun = { source: 'hydra', path: path.resolve(folder.path), root: folder.root, name };
  return { runs: [run], descend: true };
}
