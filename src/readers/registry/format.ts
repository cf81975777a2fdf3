import path from 'node:path';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { RegistryReader } from './reader.ts';
import { readSnapshot } from './snapshot.ts';

/** JSON registries of experiments (SYSTEMS.md §4: `runs/experiment_registry.json`): one run per experiment, its name being its key. */
export const registryFormat: RunFormat = {
  source: 'registry',
  title: 'JSON registries of experiments',
  match: matchFolder,
  list: listExperiments,
  open: (run) => new RegistryReader(run),
  matchFile: (fileName, head) => isRegistryName(fileName) && new TextDecoder().decode(head).includes('"experiments"'),
};

function isRegistryName(name: string): boolean {
  return /^(?:[\w.-]*[_-])?registry\.json$/i.test(name);
}

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  const names = folder.files.filter(isRegistryName);
  if (names.length === 0) return undefined;
  const containers = names.map((name) => ({
    source: 'registry' as const,
    path: path.resolve(folder.path, name),
    root: folder.root,
  }));
  return { runs: [], containers, descend: true };
}

async function listExperiments({ path: file, root }: RunContainer): Promise<ContainerListing> {
  const read = await readSnapshot(file);
  // A registry of models or of data sets has no experiments with a status; that is nothing to tell.
  if (!read.ok) return { runs: [], settled: false, ...(read.reason === 'unreadable' ? { skipped: read.message } : {}) };
  const names = [...read.value.experiments.keys()];
  return { runs: names.map((name) => ({ source: 'registry', path: file, root, name, key: name })), settled: false };
}
