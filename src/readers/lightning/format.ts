import path from 'node:path';
import type { FoundRun, RunFacts } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, RunFormat, RunReader } from '../format.ts';
import { CsvScan } from '../text/csvScan.ts';
import { describeTime } from '../text/life.ts';
import { Surroundings } from '../text/surroundings.ts';
import { stateOf } from '../text/tailFile.ts';
import { TailReader } from '../text/tailReader.ts';
import { hparamsFile, isLightningFolder, metricsFile } from './names.ts';

/**
 * Folders of Lightning's loggers: `metrics.csv` of CSVLogger, which is written anew whenever a metric appears for the first time, with `hparams.yaml` and
 * checkpoints beside it. The event files of its TensorBoardLogger are read by their own format, with the hyperparameters beside them.
 */
export const lightningFormat: RunFormat = {
  source: 'lightning',
  title: 'Lightning CSV logs',
  match: matchFolder,
  open: openRun,
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!isLightningFolder(folder)) return undefined;
  const name = runName(folder.root, folder.path);
  const run: FoundRun = { source: 'lightning', path: path.resolve(folder.path), root: folder.root, name };
  return { runs: [run], descend: true };
}

function openRun(run: FoundRun): RunReader {
  const surroundings = new Surroundings(run.path, metricsFile, { configs: [hparamsFile], outputs: ['checkpoints'] });
  return new TailReader({
    file: path.join(run.path, metricsFile),
    makeScan: (state) => new CsvScan(state),
    facts: async ({ state }) => ({
      ...(await surroundings.facts()),
      ...(state === undefined ? await factsWithoutMetrics(run.path) : {}),
    }),
  });
}

/** CSVLogger writes every hundred rows and at the end, so there may be no metrics yet, or never. */
async function factsWithoutMetrics(folder: string): Promise<RunFacts> {
  const hparams = await stateOf(path.join(folder, hparamsFile));
  if (hparams === undefined) return { status: 'unknown', statusReason: 'Lightning has written no metrics.csv here.' };
  return {
    status: 'unknown',
    statusReason: `There is no metrics.csv; the hyperparameters were written ${describeTime(hparams.modifiedAt)}.`,
    createdAt: hparams.modifiedAt,
  };
}
