import path from 'node:path';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { inboxFolder, writerFolder } from './inbox.ts';
import { listDatabase, listExport, listInbox } from './list.ts';
import { projectOf } from './names.ts';
import { exportsIn } from './parquetExport.ts';
import { TrackioParquetReader } from './parquetReader.ts';
import { TrackioReader } from './reader.ts';

export { defaultTrackioFolders, type TrackioEnvironment } from './names.ts';

/** Trackio: a database per project, fragments in an inbox where SQLite is not safe, and exports to Parquet. Each run of a project is a run of the database's path. */
export const trackioFormat: RunFormat = {
  source: 'trackio',
  title: 'Trackio databases',
  match: matchFolder,
  list,
  open: (run) => (isExport(run.path) ? new TrackioParquetReader(run) : new TrackioReader(run)),
};

/** Databases that other tools are known to name so. */
const othersNames = /^(mlflow|mlruns|ml_hub|ml_experiments|optuna|coverage|\.coverage)\./;

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  // Aim keeps an SQLite file for names beside its values; the folder is told of elsewhere.
  if (path.basename(folder.path) === '.aim') return undefined;
  const containers = [...databasesIn(folder), ...inboxIn(folder), ...exportsIn(folder)];
  return containers.length === 0 ? undefined : { runs: [], containers, descend: true };
}

function databasesIn({ path: folder, root, files }: FolderListing): readonly RunContainer[] {
  // Of a live database that was copied in haste, the log may be all there is.
  const names = files.map((name) => name.replace(/\.db-wal$/, '.db'));
  const databases = [...new Set(names)].filter((name) => projectOf(name) !== undefined && !othersNames.test(name));
  return databases.map((name) => {
    const file = path.join(folder, name);
    return { source: 'trackio', path: file, root, beside: [`${file}-wal`, path.join(folder, inboxFolder)] };
  });
}

function inboxIn({ path: folder, root, folders }: FolderListing): readonly RunContainer[] {
  if (path.basename(folder) !== inboxFolder || !folders.some((name) => writerFolder.test(name))) return [];
  return [{ source: 'trackio', path: folder, root, beside: folders.map((name) => path.join(folder, name)) }];
}

function list(container: RunContainer): Promise<ContainerListing> {
  if (isExport(container.path)) return listExport(container);
  return path.basename(container.path) === inboxFolder ? listInbox(container) : listDatabase(container);
}

function isExport(file: string): boolean {
  return file.endsWith('.parquet');
}
