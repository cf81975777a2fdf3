import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import { valueAt } from '../../domain/config.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { describeFacts, exampleTensors } from '../../recipes/data.ts';
import type { DataFacts, DataSetRequest, Program } from '../../recipes/recipe.ts';
import { type LoadedConfig, resumeLast } from '../config/loadConfig.ts';
import { type RunSettings, runSettings } from '../config/runSettings.ts';
import { BatchLoader } from '../data/batches.ts';
import type { DataSet } from '../data/dataSet.ts';
import { openDataSet } from '../data/openDataSet.ts';
import { stepNumbers } from '../devices/precision.ts';
import { smallestPart } from '../devices/providers.ts';
import { FusedSteps, mostModels, type StepPlan } from '../engine/fusedSteps.ts';
import type { Placement } from '../engine/session.ts';
import { initialState, type TrainState } from '../engine/trainState.ts';
import { buildTrainStep, type TrainStep } from '../engine/trainStep.ts';
import { usualOnCpu } from './callPlan.ts';
import { checkMemory, freeMemory } from './checkMemory.ts';
import { type LoadedCheckpoint, loadCheckpoint } from './checkpointFile.ts';
import { withThreads } from './decideThreads.ts';
import { memoryNeed, modelsOf } from './memoryNeed.ts';

/** A run that is ready to train. */
export interface PreparedRun {
  readonly settings: RunSettings;
  readonly architecture: string;
  readonly program: Program;
  readonly step: TrainStep;
  readonly plan: StepPlan;
  readonly steps: FusedSteps;
  readonly dataSets: readonly DataSet[];
  /** What the network was built for. */
  readonly data: DataFacts;
  readonly placement: Placement;
  readonly start: TrainState;
  /** The checkpoint that the run goes on from. */
  readonly resumedFrom: LoadedCheckpoint | undefined;
  /** What it will need of memory, in words. */
  readonly memory: string;
}

/** Loads the data, builds the step and finds the state to begin with. The sessions belong to `owner`. */
export async function prepareRun(
  { recipe, config }: LoadedConfig,
  runFolder: string,
  device: Placement['device'],
  owner: Disposables,
  enter: (phase: string) => Promise<void>,
): Promise<PreparedRun> {
  const settings = runSettings(config);
  await enter('loading data');
  const dataSets = await openAll(recipe.dataSets(config), owner);
  const trainSet = dataSets[0]!;
  const { facts } = trainSet;
  await enter('building the model');
  checkTestSets(trainSet, dataSets);
  const { accumulate } = settings;
  const program = recipe.build(partOfBatch(config, accumulate), facts);
  const batchSize = program.batchSize * accumulate;
  if (batchSize > facts.examples) throw batchTooLarge(batchSize, trainSet);
  const step = buildTrainStep(program, facts, smallestPart[device], stepNumbers(settings, device));
  const memory = await describeMemory({ recipe, config }, settings, device, dataSets, { program, step });
  const architecture = recipe.architecture(config, facts);
  const resumedFrom = findResume(settings, runFolder, step, architecture);
  const configured: StepPlan = {
    step,
    optimizer: program.optimizer,
    batchSize,
    totalSteps: settings.steps,
    seed: settings.seed,
    loader: owner.add(new BatchLoader(trainSet, settings.seed, { threads: settings.dataThreads })),
    placement: { device, threads: settings.threads },
  };
  const start = resumedFrom?.state ?? initialState(step.pack.initialValues(settings.seed));
  const measuring = () => enter('measuring threads');
  const plan = await withThreads(configured, start, settings, resumedFrom, measuring);
  const { placement } = plan;
  const steps = owner.add(new FusedSteps(plan));
  const decided = { ...settings, threads: placement.threads };
  return {
    settings: decided,
    architecture,
    program,
    step,
    plan,
    steps,
    dataSets,
    data: facts,
    placement,
    start,
    resumedFrom,
    memory,
  };
}

/** What the run will need of memory, in words. Throws AppError 'out-of-memory' with a batch that would fit where it cannot. */
async function describeMemory(
  { recipe, config }: LoadedConfig,
  settings: RunSettings,
  device: Placement['device'],
  dataSets: readonly DataSet[],
  { program, step }: Pick<PreparedRun, 'program' | 'step'>,
): Promise<string> {
  const { accumulate } = settings;
  const { facts, plan } = dataSets[0]!;
  const measured = new Map(dataSets.map((set) => [set.name, set.facts]));
  const onCpu = device === 'cpu';
  const stepsPerCall = settings.stepsPerRun || usualOnCpu;
  const models = modelsOf(settings, stepsPerCall, mostModels);
  const known = { facts, measured, isDataResident: plan === undefined, onCpu, stepsPerCall, models };
  const needOf = (made: TrainStep, of: Program) => memoryNeed({ ...known, step: made, program: of });
  const needAt = (batchSize: number) => {
    const other = recipe.build({ ...config, batchSize }, facts);
    return needOf(buildTrainStep(other, facts, smallestPart[device], stepNumbers(settings, device)), other);
  };
  return checkMemory(program.batchSize, needOf(step, program), await freeMemory(device), needAt, accumulate);
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

async function openAll(requests: readonly DataSetRequest[], owner: Disposables): Promise<readonly DataSet[]> {
  const opened: DataSet[] = [];
  for (const request of requests) {
    const set = await openDataSet(request);
    if (set !== undefined) opened.push(owner.add(set));
  }
  return opened;
}

/** The path of the checkpoint that a run is to go on from, or undefined where it begins afresh. */
export function resumePath(resume: string, runFolder: string): string | undefined {
  if (resume === '') return undefined;
  if (resume !== resumeLast) return resume;
  const last = path.join(runFolder, runFiles.lastCheckpoint);
  return existsSync(last) ? last : undefined;
}

function findResume(
  { resume, steps }: RunSettings,
  runFolder: string,
  step: TrainStep,
  architecture: string,
): LoadedCheckpoint | undefined {
  const file = resumePath(resume, runFolder);
  if (file === undefined) return undefined;
  if (!existsSync(file)) {
    throw new AppError('not-found', `The checkpoint to resume from does not exist: ${file}`, {
      hint: 'Give the path of a file in the checkpoints folder of a run.',
    });
  }
  const loaded = loadCheckpoint(file, step.layout, architecture);
  // A run that was killed behind its last checkpoint has only its last words to write.
  const isComplete = resume === resumeLast && loaded.state.step === steps;
  if (loaded.state.step < steps || isComplete) return loaded;
  throw new AppError('bad-config', `${file} is at step ${loaded.state.step}, and the run is to have ${steps} steps.`, {
    hint: `There is nothing left to train. Raise steps, for instance steps=${2 * loaded.state.step}.`,
  });
}

function checkTestSets(train: DataSet, sets: readonly DataSet[]): void {
  const wanted = JSON.stringify(exampleTensors(train.facts));
  for (const set of sets) {
    // Variants are examples of a form of their own; what they are to fit is the genome, which was checked when they were opened.
    if (set.name === 'variants') continue;
    const same = JSON.stringify(exampleTensors(set.facts)) === wanted;
    if (same && set.facts.classes <= train.facts.classes) continue;
    const { kind } = train.facts;
    throw new AppError(
      'bad-data',
      `The ${set.name} ${kind} do not fit the ${train.name} ${kind}: ${describeFacts(set.facts)} against ${describeFacts(train.facts)}.`,
      {
        hint: 'Both parts of a data set must have one size of example and the same classes.',
      },
    );
  }
}

function batchTooLarge(batchSize: number, { facts, path: folder }: DataSet): AppError {
  return new AppError(
    'bad-config',
    `A batch of ${batchSize} is larger than the data set: ${folder} has ${facts.examples} examples.`,
    {
      hint: 'Lower batchSize.',
    },
  );
}
