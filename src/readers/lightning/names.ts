import type { FolderListing } from '../format.ts';

export const metricsFile = 'metrics.csv';
export const hparamsFile = 'hparams.yaml';

/**
 * Whether Lightning's CSVLogger made a folder: it writes `metrics.csv` and `hparams.yaml` (lightning/fabric/loggers/csv_logs.py). A version folder with
 * nothing but hyperparameters is what an early end leaves behind. Where its TensorBoardLogger wrote alone, the event files are the run.
 */
export function isLightningFolder({ path: folder, files, folders }: FolderListing): boolean {
  const isVersion = /[\\/]version_\d+$/.test(folder);
  const hasHparams = files.includes(hparamsFile);
  if (files.includes(metricsFile)) return isVersion || hasHparams;
  const hasEvents = files.some((name) => name.includes('tfevents'));
  return hasHparams && !hasEvents && (isVersion || folders.includes('checkpoints'));
}
