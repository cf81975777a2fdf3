import type { FoundRun } from '../domain/records.ts';
import type { RunSource } from '../domain/run.ts';
import { CompositeReader } from './composite/compositeReader.ts';
import { csvFormat } from './csv/format.ts';
import { type DiscoverOptions, type Discovery, discover } from './discovery/discover.ts';
import { dvcliveFormat } from './dvclive/format.ts';
import { experimentHubFormat } from './experimentHub/format.ts';
import { withLfsProblems } from './files/lfsPointer.ts';
import type { RunFormat, RunReader } from './format.ts';
import { groupRuns } from './grouping/groupRuns.ts';
import { hfTrainerFormat } from './hfTrainer/format.ts';
import { hydraFormat } from './hydra/format.ts';
import { jsonlFormat } from './jsonl/format.ts';
import { lightningFormat } from './lightning/format.ts';
import { mlflowFormat } from './mlflow/format.ts';
import { registryFormat } from './registry/format.ts';
import { slurmFormat } from './slurm/format.ts';
import { TensorboardReader, tensorboardFormat } from './tensorboard/format.ts';
import { trackioFormat } from './trackio/format.ts';
import { makeTrainyardFormat } from './trainyard/format.ts';
import { wandbFormat } from './wandb/format.ts';

export type { DiscoverOptions, Discovery } from './discovery/discover.ts';
export type { FolderIndex } from './discovery/folderIndex.ts';
export type { RunFormat, RunReader } from './format.ts';

/** Formats of other tools by the source that they read. A new one is a folder here and a line in this table. */
const foreignFormats = {
  wandb: wandbFormat,
  mlflow: mlflowFormat,
  trackio: trackioFormat,
  'experiment-hub': experimentHubFormat,
  registry: registryFormat,
  hydra: hydraFormat,
  'hf-trainer': hfTrainerFormat,
  dvclive: dvcliveFormat,
  lightning: lightningFormat,
  csv: csvFormat,
  jsonl: jsonlFormat,
  slurm: slurmFormat,
  tensorboard: tensorboardFormat,
} as const satisfies { readonly [Source in Exclude<RunSource, 'trainyard'>]: RunFormat };

const formatBySource: { readonly [Source in RunSource]: RunFormat } = {
  // A run of ours may have a program of another tool inside, which logs in its own way.
  trainyard: makeTrainyardFormat(Object.values(foreignFormats)),
  ...foreignFormats,
};

/** The formats in the order in which they are asked about a folder: those that claim a whole directory come before those that claim single files. */
export const runFormats: readonly RunFormat[] = Object.values(formatBySource);

/** Finds all places below a folder that hold a run, each on its own, by names alone. See `discover`. */
export function discoverPlaces(root: string, options: DiscoverOptions = {}): Promise<Discovery> {
  return discover(root, runFormats, options);
}

/** Finds all runs below a folder, places that the layout of the folders shows to be one run put together. See `discover` and `groupRuns`. */
export async function discoverRuns(root: string, options: DiscoverOptions = {}): Promise<Discovery> {
  const found = await discoverPlaces(root, options);
  return { ...found, runs: groupRuns(found.runs) };
}

/** The reader of a run that was found; of all its places, where it has several. */
export function openRun(run: FoundRun): RunReader {
  return run.parts === undefined || run.parts.length === 0 ? openPlace(run) : new CompositeReader(run, openPlace);
}

function openPlace(place: FoundRun): RunReader {
  return withLfsProblems(place, formatBySource[place.source].open(place));
}

/** A reader of one event file alone. The run's path is the file's folder. */
export function openEventFile(run: FoundRun, fileName: string): RunReader {
  return new TensorboardReader(run, { only: fileName });
}

export { inspectCheckpoint } from './checkpoints/inspect.ts';
export { listArchitectureCheckpoints, listForeignCheckpoints, listRunCheckpoints } from './checkpoints/list.ts';
export { readCheckpointName } from './checkpoints/names.ts';
export { readSafetensorsHeader } from './checkpoints/safetensors.ts';
export { insertEntry, type NewLogEntry } from './experimentLog/insert.ts';
export { parseExperimentLog } from './experimentLog/parse.ts';
export { type GroupOptions, groupRuns, type Verdict } from './grouping/groupRuns.ts';
export { type DecodedMedia, decodeMedia } from './media/decode.ts';
export { trackerMimes } from './media/mimes.ts';
export { SeriesSummary } from './summary.ts';
export { looksLikeEventFile } from './tensorboard/detect.ts';
export { readLinks } from './trainyard/links.ts';
