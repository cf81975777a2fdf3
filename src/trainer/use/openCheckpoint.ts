import { AppError } from '../../base/errors.ts';
import type { DeviceChoice } from '../../domain/device.ts';
import type { JsonObject } from '../../domain/json.ts';
import { Graph, type ParameterSlot } from '../../graph/index.ts';
import { parseFacts } from '../../recipes/data.ts';
import { recipes as allRecipes } from '../../recipes/index.ts';
import type { DataFacts, Program, Recipe } from '../../recipes/recipe.ts';
import { runSettings } from '../config/runSettings.ts';
import { openDataSet } from '../data/openDataSet.ts';
import { chooseDevice } from '../devices/choose.ts';
import type { Placement } from '../engine/session.ts';
import { declareParameters } from '../engine/trainStep.ts';
import { type CheckpointFacts, loadCheckpoint, readCheckpointFacts } from '../run/checkpointFile.ts';

/** How a checkpoint is to be used; without it, as in its run. */
export interface UseOptions {
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly recipes?: readonly Recipe[];
}

/** A trained network that is ready to be used: the recipe's program with the averaged weights. */
export interface OpenedCheckpoint {
  readonly file: string;
  readonly facts: CheckpointFacts;
  readonly step: number;
  readonly recipe: Recipe;
  readonly config: JsonObject;
  readonly program: Program;
  readonly average: Float32Array;
  /** Where each parameter lies in `average`. */
  readonly layout: readonly ParameterSlot[];
  readonly architecture: string;
  readonly placement: Placement;
}

/**
 * Opens a checkpoint of ours by what it says about itself: recipe, configuration and the data that the network was built for. Throws AppError
 * 'bad-file' where it is none of ours, and 'bad-data' where an older one needs its data set and that is gone.
 */
export async function openCheckpoint(file: string, options: UseOptions = {}): Promise<OpenedCheckpoint> {
  const facts = readCheckpointFacts(file);
  const recipe = (options.recipes ?? allRecipes).find(({ info }) => info.id === facts.recipe);
  if (recipe === undefined) {
    throw new AppError('bad-file', `${file} was trained by the recipe "${facts.recipe}", which there is not.`, {
      hint: 'Use the version of Trainyard that wrote it.',
    });
  }
  const config = JSON.parse(facts.config) as JsonObject;
  const data = knownData(facts) ?? (await loadedData(recipe, config));
  const program = recipe.build(config, data);
  const pack = declareParameters(new Graph(), program, 'parameters');
  const architecture = recipe.architecture(config, data);
  const { state } = loadCheckpoint(file, pack.layout, architecture);
  const settings = runSettings(config);
  const { device } = await chooseDevice(options.device ?? settings.device);
  const placement = { device, threads: options.threads ?? settings.threads };
  const { step, vectors } = state;
  const network = { program, average: vectors.average, layout: pack.layout, architecture };
  return { file, facts, step, recipe, config, ...network, placement };
}

function knownData({ data }: CheckpointFacts): DataFacts | undefined {
  return data === '' ? undefined : parseFacts(data);
}

/** Older checkpoints do not say what their network was built for, so their data set is asked. */
async function loadedData(recipe: Recipe, config: JsonObject): Promise<DataFacts> {
  const [request] = recipe.dataSets(config);
  const set = request === undefined ? undefined : await openDataSet({ ...request, required: true });
  set?.dispose();
  if (set !== undefined) return set.facts;
  throw new AppError('bad-data', `The recipe ${recipe.info.id} names no data set, so its network cannot be built.`);
}
