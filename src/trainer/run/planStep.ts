import { AppError } from '../../base/errors.ts';
import { valueAt } from '../../domain/config.ts';
import type { DeviceName } from '../../domain/device.ts';
import type { FreeMemory, MemoryEstimate, MemoryNeed } from '../../domain/memoryEstimate.ts';
import type { Program } from '../../recipes/recipe.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import type { RunSettings } from '../config/runSettings.ts';
import type { DataSet } from '../data/dataSet.ts';
import { stepNumbers } from '../devices/precision.ts';
import { residentBytes } from '../engine/residentData.ts';
import { stepFor } from '../engine/stepFor.ts';
import type { TrainStep } from '../engine/trainStep.ts';
import { usualSteps } from './callPlan.ts';
import { fits, freeMemory, judgeMemory } from './checkMemory.ts';
import { liesOnDevice } from './dataPlace.ts';
import { memoryNeed } from './memoryNeed.ts';

/** The step of a run as a graph, and what it will need. */
export interface PlannedStep {
  /** For a part of a batch, where batches are cut. */
  readonly program: Program;
  readonly step: TrainStep;
  /** Examples per step, over all its parts. */
  readonly batchSize: number;
  readonly memory: MemoryEstimate;
  /** Whether the training set is to lie on the device. */
  readonly isDataOnDevice: boolean;
}

/** Builds the step of a configuration for its data and judges its memory. Runs nothing; the graph is made again for every batch that is tried where it does not fit. */
export async function planStep(
  { recipe, config }: LoadedConfig,
  settings: RunSettings,
  device: DeviceName,
  dataSets: readonly DataSet[],
  given?: FreeMemory,
): Promise<PlannedStep> {
  const trainSet = dataSets[0]!;
  const { facts, plan } = trainSet;
  const { accumulate } = settings;
  const program = recipe.build(partOfBatch(config, accumulate), facts);
  const batchSize = program.batchSize * accumulate;
  if (batchSize > facts.examples) throw batchTooLarge(batchSize, trainSet);
  const free = given ?? (await freeMemory(device));
  const isDataOnDevice = liesOnDevice(trainSet, device, free);
  const stepsPerCall = settings.stepsPerRun || usualSteps;
  const known = {
    facts,
    measured: new Map(dataSets.map((set) => [set.name, set.facts])),
    isDataResident: plan === undefined,
    dataOnDevice: isDataOnDevice ? residentBytes(trainSet) : 0,
    onCpu: device === 'cpu',
    stepsPerCall,
  };
  const build = (of: Program, recompute: boolean) => {
    const step = stepFor(device, of, facts, { ...stepNumbers(settings, device), recompute });
    return { step, need: memoryNeed({ ...known, step, program: of }) };
  };
  const { recompute } = settings;
  const plain = { ...build(program, recompute === 'on'), recomputes: recompute === 'on' };
  const mayFit = recompute !== 'auto' || fits(plain.need, free, 1);
  const { step, need, recomputes } = mayFit ? plain : lessOf(plain, { ...build(program, true), recomputes: true });
  const needAt = (size: number) => build(recipe.build({ ...config, batchSize: size }, facts), recomputes).need;
  const question = { device, batchSize: program.batchSize, accumulate, recompute, recomputes, need, free, needAt };
  return { program, step, batchSize, memory: judgeMemory(question), isDataOnDevice };
}

/** The second only where it pays. */
function lessOf<T extends { readonly need: MemoryNeed }>(plain: T, other: T): T {
  const whole = ({ need }: T) => need.host + need.device;
  return whole(other) < 0.95 * whole(plain) ? other : plain;
}

/** The configuration for one of the parts that a batch is cut into. */
function partOfBatch(config: LoadedConfig['config'], parts: number): LoadedConfig['config'] {
  if (parts === 1) return config;
  const batchSize = valueAt(config, 'batchSize') as number;
  if (batchSize % parts === 0) return { ...config, batchSize: batchSize / parts };
  const fitting = Math.max(1, Math.round(batchSize / parts)) * parts;
  throw new AppError('bad-config', `A batch of ${batchSize} cannot be cut into ${parts} equal parts.`, {
    hint: `Set batchSize to a multiple of accumulate, for instance batchSize=${fitting}.`,
  });
}

function batchTooLarge(batchSize: number, { facts, path: folder }: DataSet): AppError {
  return new AppError(
    'bad-config',
    `A batch of ${batchSize} is larger than the data set: ${folder} has ${facts.examples} examples.`,
    {
      hint: `Set batchSize to ${facts.examples} or less.`,
    },
  );
}
