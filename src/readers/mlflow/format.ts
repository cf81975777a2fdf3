import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { MlflowFolderReader } from './folderReader.ts';
import { listRuns } from './list.ts';
import { MlflowSqlReader } from './sqlReader.ts';

/** MLflow: folders of its file store, each of which is a run, and the runs of its SQLite database. */
export const mlflowFormat: RunFormat = {
  source: 'mlflow',
  title: 'MLflow stores',
  match: matchFolder,
  list: listRuns,
  open: (run) => (run.key === undefined ? new MlflowFolderReader(run) : new MlflowSqlReader(run)),
};

const databaseName = /\.(db|sqlite3?|db3)$/i;
/** Databases that other tools are known to name so. */
const othersNames = /^(registry-|ml_hub\.|ml_experiments\.|optuna\.|\.?coverage\.)/;

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  // Aim keeps an SQLite file for names beside its values; the folder is told of elsewhere.
  if (path.basename(folder.path) === '.aim') return undefined;
  if (isRunFolder(folder)) {
    const run: FoundRun = {
      source: 'mlflow',
      path: path.resolve(folder.path),
      root: folder.root,
      name: runName(folder.root, folder.path),
    };
    // Below it lies a folder per part of a metric's name, and artifacts that the run names itself.
    return { runs: [run], descend: false, exclusive: true };
  }
  const containers = folder.files
    .filter((name) => databaseName.test(name) && !othersNames.test(name))
    .map((name): RunContainer => {
      const file = path.join(folder.path, name);
      return { source: 'mlflow', path: file, root: folder.root, beside: [`${file}-wal`] };
    });
  return containers.length === 0 ? undefined : { runs: [], containers, descend: true };
}

/** `meta.yaml` with the folders that the store makes for every run; experiments and registered models have other ones. */
function isRunFolder({ files, folders }: FolderListing): boolean {
  if (!files.includes('meta.yaml')) return false;
  const own = ['metrics', 'params', 'tags', 'artifacts'].filter((name) => folders.includes(name));
  return own.length >= 2 && (folders.includes('metrics') || folders.includes('params'));
}
