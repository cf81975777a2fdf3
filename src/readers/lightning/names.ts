import type { FolderListing } from '../format.ts';

export const metricsFile = 'metrics.csv';
export const hparamsFile = 'hparams.yaml';

/**
 * Whether Lightning's loggers made a folder: CSVLogger writes `metrics.csv` and `hparams.yaml`, TensorBoardLogger `hparams.yaml` beside its events
 * (lightning/fabric/loggers/csv_logs.py and pytorch/loggers). A version folder with nothing but hyperparameters is what an early end leaves behind.
 */
export function isLightningFolder({ path: folder, files, folders }: FolderListing): boolean {
  const isVersion = /[\\/]version_\d+$/.test(folder);
  const hasMetrics = files.includes(metricsFile);
  if (!files.includes(hparamsFile)) return isVersion && hasMetrics;
  return isVersion || hasMetrics || folders.includes('checkpoints') || files.some((name) => name.includes('tfevents'));
}
