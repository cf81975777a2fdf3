import { Disposables } from '../base/disposables.ts';
import type { MemoryEstimate } from '../domain/memoryEstimate.ts';
import { recipes as allRecipes } from '../recipes/index.ts';
import type { Recipe } from '../recipes/recipe.ts';
import { loadConfig } from './config/loadConfig.ts';
import { runSettings } from './config/runSettings.ts';
import { chooseDevice } from './devices/choose.ts';
import { planStep } from './run/planStep.ts';
import { openRunData } from './run/runData.ts';

export interface EstimateRequest {
  /** Path of the YAML configuration. */
  readonly configFile: string;
  /** `key=value`, as typed. */
  readonly overrides: readonly string[];
  /** Relative paths are relative to this folder. */
  readonly folder: string;
  /** For tests: other recipes than the product's. */
  readonly recipes?: readonly Recipe[];
  readonly chooseDevice?: typeof chooseDevice;
}

/**
 * What a configuration will need of memory on the device that it would train on. Opens the data and builds the graph as the run would, and writes and runs
 * nothing. Throws what the run would throw before it comes to its memory.
 */
export async function estimateMemory(request: EstimateRequest): Promise<MemoryEstimate> {
  const owner = new Disposables();
  try {
    const loaded = loadConfig(request.configFile, request.overrides, request.folder, request.recipes ?? allRecipes);
    const settings = runSettings(loaded.config);
    const { device } = await (request.chooseDevice ?? chooseDevice)(settings.device);
    const dataSets = await openRunData(loaded, owner);
    return (await planStep(loaded, settings, device, dataSets)).memory;
  } finally {
    owner.dispose();
  }
}
