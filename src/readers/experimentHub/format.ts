import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { databaseAt } from '../sqlite/trackerDatabase.ts';
import { aimListing, isAimFolder, matchAim } from './aim.ts';
import { listRecords } from './hubRun.ts';
import { ExperimentHubReader } from './reader.ts';

/** ml-experiment-hub: one database with configurations, runs, metric logs, figures of the machine and jobs. Repositories of Aim are named here too. */
export const experimentHubFormat: RunFormat = {
  source: 'experiment-hub',
  title: 'ml-experiment-hub databases',
  match: matchFolder,
  list,
  open: (run) => new ExperimentHubReader(run),
};

const databaseName = /\.(db|sqlite3?|db3)$/i;
/** Databases that other tools are known to name so. */
const othersNames = /^(registry-|mlflow\.|mlruns\.|optuna\.|\.?coverage\.)/;
/** Names that the hub gives its database (backend/config.py, alembic.ini). */
const ownNames = /^(ml_hub|ml_experiments)\.db$/;

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (isAimFolder(folder.path)) return matchAim(folder);
  const containers = folder.files
    .filter((name) => databaseName.test(name) && !othersNames.test(name))
    .map((name): RunContainer => {
      const file = path.join(folder.path, name);
      return { source: 'experiment-hub', path: file, root: folder.root, beside: [`${file}-wal`] };
    });
  return containers.length === 0 ? undefined : { runs: [], containers, descend: true };
}

async function list({ path: file, root }: RunContainer): Promise<ContainerListing> {
  if (isAimFolder(file)) return aimListing;
  const answer = await databaseAt(file).read(listRecords);
  if (answer.ok) {
    const runs = answer.value.value.map(
      ([key, name]): FoundRun => ({ source: 'experiment-hub', path: file, key, root, name }),
    );
    return { runs, settled: false };
  }
  const isTold = answer.reason !== 'absent' && ownNames.test(path.basename(file));
  return { runs: [], settled: false, ...(isTold ? { skipped: `Its runs cannot be read: ${answer.message}` } : {}) };
}
