import path from 'node:path';
import { Disposables } from '../base/disposables.ts';
import { AppError, describeError, toErrorInfo } from '../base/errors.ts';
import { describeBytes } from '../domain/memoryEstimate.ts';
import { runEnvironment } from '../domain/runDirectory.ts';
import { recipes as allRecipes } from '../recipes/index.ts';
import type { Recipe } from '../recipes/recipe.ts';
import { type LoadedConfig, loadConfig, resumeLast } from './config/loadConfig.ts';
import { runSettings } from './config/runSettings.ts';
import { chooseDevice } from './devices/choose.ts';
import { executeRun, type RunEnd } from './run/executeRun.ts';
import { peakMemory } from './run/freeMemory.ts';
import { resumePath } from './run/prepareRun.ts';
import { RunFolder } from './run/runFolder.ts';
import { exitCodeOf, StopRequest, StopRequested } from './run/stopRequest.ts';
import type { Terminal } from './run/terminal.ts';

/** What the trainer is started with. */
export interface TrainRequest {
  /** Path of the YAML configuration. */
  readonly configFile: string;
  /** `key=value`, as typed. */
  readonly overrides: readonly string[];
  /** Relative paths are relative to this folder, and runs without a directory of their own go to `runs/` in it. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Where the reason of a failure goes. */
  readonly complain: (message: string) => void;
  /** For tests: other recipes than the product's. */
  readonly recipes?: readonly Recipe[];
  readonly chooseDevice?: typeof chooseDevice;
}

/**
 * Trains a recipe from a configuration to its end and gives the exit code: 0 finished, 1 failed, 128 + its number where a signal stopped it.
 * Failures do not throw: their reason is in `outcome.json` and handed to `complain`.
 */
export async function train(request: TrainRequest): Promise<number> {
  const owner = new Disposables();
  const stop = owner.add(new StopRequest());
  const runDirectory = request.environment[runEnvironment.runDirectory];
  try {
    const loaded = loadConfig(request.configFile, request.overrides, request.folder, request.recipes ?? allRecipes);
    const folder = openFolder(request, loaded, runDirectory);
    return await lastWord(folder, request, () =>
      executeRun({
        loaded,
        folder,
        stop,
        terminal: request.terminal,
        givenId: request.environment[runEnvironment.runId],
        workingFolder: request.folder,
        chooseDevice: request.chooseDevice ?? chooseDevice,
      }),
    );
  } catch (error) {
    request.complain(describeError(error));
    leaveReason(runDirectory, error);
    return 1;
  } finally {
    owner.dispose();
  }
}

function openFolder(request: TrainRequest, { recipe, config }: LoadedConfig, given: string | undefined): RunFolder {
  const settings = runSettings(config);
  const folder = given ?? path.join(request.folder, 'runs', settings.name || defaultName(recipe.info.id));
  if (given === undefined && !/^[\w.-]*$/.test(settings.name)) {
    throw new AppError('bad-config', `"${settings.name}" cannot name a run.`, {
      hint: 'Use letters, digits, dots, dashes and underscores.',
    });
  }
  const resume = resumePath(settings.resume, folder);
  // Going on inside a directory is meant with `last`, and when the checkpoint lies in it.
  const isInside = resume !== undefined && path.resolve(resume).startsWith(path.resolve(folder) + path.sep);
  return RunFolder.open(folder, settings.resume === resumeLast || isInside);
}

/** `meanflow-20260131-142305` */
function defaultName(recipe: string): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${recipe}-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/** Runs and writes `outcome.json`, however it ends. */
async function lastWord(
  folder: RunFolder,
  { complain, terminal }: TrainRequest,
  execute: () => Promise<RunEnd>,
): Promise<number> {
  const { step, failure } = await execute();
  if (failure === undefined) {
    folder.writeOutcome('finished', step);
    terminal.line(`Finished at step ${step}, with ${describeBytes(peakMemory())} of memory at most. ${folder.path}`);
    return 0;
  }
  if (failure instanceof StopRequested) {
    folder.writeOutcome('stopped', step);
    terminal.line(`Stopped by ${failure.signal} at step ${step}. ${folder.path}`);
    return exitCodeOf(failure.signal);
  }
  complain(describeError(failure));
  folder.writeOutcome('failed', step, toErrorInfo(failure));
  return 1;
}

/** Puts the reason into the directory that the worker made, also where the run never came to open it. */
function leaveReason(runDirectory: string | undefined, error: unknown): void {
  if (runDirectory === undefined || isConflict(error)) return;
  try {
    RunFolder.open(runDirectory, true).writeOutcome('failed', 0, toErrorInfo(error));
  } catch {
    // The directory cannot be written to, and that is what was just said.
  }
}

/** Another run's directory is not ours to write into. */
function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === 'conflict';
}
