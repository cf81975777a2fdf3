import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FolderListing } from '../format.ts';

/** Where Hydra keeps what a job was started with. `hydra.output_subdir` may name it otherwise, which is rare enough to be left out. */
export const hydraFolder = '.hydra';
export const sweepFile = 'multirun.yaml';

/** What a folder is to Hydra. `project` is a repository whose `run.dir` is `.`: what lies below it does not all belong to one job. */
export type HydraPlace = 'job' | 'sweep' | 'project';

/** Tells by names alone what a folder is to Hydra; undefined where it is nothing. */
export function hydraPlace({ path: folder, root, files, folders }: FolderListing): HydraPlace | undefined {
  if (!folders.includes(hydraFolder)) return files.includes(sweepFile) ? 'sweep' : undefined;
  const isProject =
    path.resolve(folder) === path.resolve(root) ||
    folders.some((name) => name === '.git' || name === 'outputs' || name === 'multirun') ||
    files.some((name) => projectFiles.test(name));
  return isProject ? 'project' : 'job';
}

const projectFiles =
  /^(?:pyproject\.toml|setup\.(?:py|cfg)|requirements.*\.txt|environment\.ya?ml|uv\.lock|Makefile|[^.].*\.py)$/i;

/** How many folders a sweep may put between its root and a job: `sweep.subdir` may hold slashes. */
const deepestSubfolder = 4;

/**
 * The root of the sweep that a job's folder belongs to: the nearest folder above, not above `root`, with a `multirun.yaml`. Sweepers of plug-ins may write none
 * (Optuna's writes its own results); then it is the folder above of a job that says it is one of many.
 */
export async function sweepRootOf(folder: string, root: string, isOfMany: boolean): Promise<string | undefined> {
  const limit = path.resolve(root);
  const start = path.resolve(folder);
  let above = start;
  for (let depth = 0; depth < deepestSubfolder && above !== limit; depth++) {
    above = path.dirname(above);
    if (await isFile(path.join(above, sweepFile))) return above;
  }
  return isOfMany && start !== limit ? path.dirname(start) : undefined;
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (facts) => facts.isFile(),
    () => false,
  );
}
