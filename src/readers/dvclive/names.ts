import path from 'node:path';
import type { FolderListing } from '../format.ts';

export const summaryFile = 'metrics.json';
export const paramsFile = 'params.yaml';

/** Folders of values, in the order of DVCLive's versions: since 1.0, 0.12 to 1.0, and before that the folder itself (dvclive/live.py, dvclive/data). */
export const seriesFolders = ['plots/metrics', 'scalars', '.'] as const;
export const imageFolders = ['plots/images', 'images'] as const;

const own: ReadonlySet<string> = new Set(['plots', 'artifacts', 'static', 'scalars', 'images']);

/** Whether DVCLive wrote a folder: it has its name and its files, or a summary beside plots. */
export function isDvcliveFolder({ path: folder, files, folders }: FolderListing): boolean {
  const hasSeries = folders.includes('plots') || folders.includes('scalars');
  if (path.basename(folder) !== 'dvclive') return files.includes(summaryFile) && folders.includes('plots');
  return (
    hasSeries ||
    files.includes(summaryFile) ||
    files.includes(paramsFile) ||
    files.some((name) => name.endsWith('.tsv'))
  );
}

/** Nothing but DVCLive's own folders lies below: the walk need not go on. */
export function isAllOwn(folders: readonly string[]): boolean {
  return folders.every((name) => own.has(name));
}

/** Tables of values that DVCLive wrote, which are no logs of their own. */
export function isInsideDvclive(folder: string): boolean {
  return /[\\/](?:plots[\\/]metrics|dvclive)(?:[\\/]|$)/.test(folder);
}
