import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { isCheckpointFolder, listStates } from './places.ts';
import { HfTrainerReader } from './reader.ts';
import { stateFileName } from './stateFile.ts';

/**
 * Output folders of Hugging Face's Trainer: `trainer_state.json` in the folder itself and in every `checkpoint-N`, merged into one log. Between two
 * saves only its other loggers know the steps; their files lie below and are read by their own formats.
 */
export const hfTrainerFormat: RunFormat = {
  source: 'hf-trainer',
  title: 'Hugging Face Trainer states',
  match: matchFolder,
  list: listFolder,
  open: (run) => new HfTrainerReader(run.path),
  openFile: (run, only) => new HfTrainerReader(run.path, { only }),
  matchFile: (fileName, head) => fileName.endsWith('.json') && new TextDecoder().decode(head).includes('"log_history"'),
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  const isRoot = path.resolve(folder.path) === path.resolve(folder.root);
  const hasState = folder.files.includes(stateFileName);
  // A checkpoint is a part of the run around it.
  if (isCheckpointFolder(path.basename(folder.path)) && !isRoot) return undefined;
  if (hasState) return { runs: [toRun(folder)], descend: true };
  const states = folder.folders.filter(isCheckpointFolder).map((name) => path.join(folder.path, name, stateFileName));
  if (states.length === 0) return undefined;
  // Others call their checkpoints so too; whether a state lies in them, their names do not tell.
  const container: RunContainer = {
    source: 'hf-trainer',
    path: path.resolve(folder.path),
    root: folder.root,
    beside: states,
  };
  return { runs: [], containers: [container], descend: true };
}

async function listFolder(container: RunContainer): Promise<ContainerListing> {
  const states = await listStates(container.path);
  return { runs: states.length === 0 ? [] : [toRun(container)], settled: false };
}

function toRun({ path: folder, root }: { readonly path: string; readonly root: string }): FoundRun {
  return { source: 'hf-trainer', path: path.resolve(folder), root, name: runName(root, folder) };
}
