import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, RunFormat } from '../format.ts';
import { isAllOwn, isDvcliveFolder } from './names.ts';
import { DvcliveReader } from './reader.ts';

/** Folders of DVCLive: tables of values, pictures, parameters, artifacts. */
export const dvcliveFormat: RunFormat = {
  source: 'dvclive',
  title: 'DVCLive folders',
  match: matchFolder,
  open: (run) => new DvcliveReader(run.path),
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!isDvcliveFolder(folder)) return undefined;
  const name = runName(folder.root, folder.path);
  const run: FoundRun = { source: 'dvclive', path: path.resolve(folder.path), root: folder.root, name };
  // A folder with other things below may be a whole repository that DVCLive was told to write into.
  return { runs: [run], descend: !isAllOwn(folder.folders) };
}
