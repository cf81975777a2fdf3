import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { MemoryEstimate } from '../../domain/memoryEstimate.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { DataFacts, Program } from '../../recipes/recipe.ts';
import { type LoadedConfig, resumeLast } from '../config/loadConfig.ts';
import { type RunSettings, runSettings } from '../config/runSettings.ts';
import { BatchLoader } from '../data/batches.ts';
import type { DataSet } from '../data/dataSet.ts';
import { FusedSteps, type StepPlan } from '../engine/fusedSteps.ts';
import { residentData } from '../engine/residentData.ts';
import type { Placement } from '../engine/session.ts';
import { initialState } from '../engine/trainState.ts';
import type { TrainStep } from '../engine/trainStep.ts';
import { refuseTooLarge } from './checkMemory.ts';
import { type LoadedCheckpoint, loadCheckpoint } from './checkpointFile.ts';
import { withThreads } from './decideThreads.ts';
import { planStep } from './planStep.ts';
import { openRunData } from './runData.ts';
import { StartState } from './startState.ts';

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
  readonly start: StartState;
  /** The checkpoint that the run goes on from. */
  readonly resumedFrom: ResumedFrom | undefined;
  /** What it will need of memory. */
  readonly memory: MemoryEstimate;
}

/** A checkpoint without its state. */
export interface ResumedFrom extends Pick<LoadedCheckpoint, 'path' | 'facts'> {
  readonly step: number;
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
  const dataSets = await openRunData({ recipe, config }, owner);
  const trainSet = dataSets[0]!;
  const { facts } = trainSet;
  await enter('building the model');
  const { program, step, batchSize, memory, isDataOnDevice } = await planStep(
    { recipe, config },
    settings,
    device,
    dataSets,
  );
  refuseTooLarge(memory);
  const architecture = recipe.architecture(config, facts);
  const checkpoint = findResume(settings, runFolder, step, architecture);
  const configured: StepPlan = {
    step,
    optimizer: program.optimizer,
    batchSize,
    totalSteps: settings.steps,
    seed: settings.seed,
    loader: owner.add(new BatchLoader(trainSet, settings.seed, { threads: settings.dataThreads })),
    placement: { device, threads: settings.threads },
    ...(isDataOnDevice ? { resident: residentData(trainSet) } : {}),
  };
  const resumedFrom = checkpoint && { path: checkpoint.path, facts: checkpoint.facts, step: checkpoint.state.step };
  const start = new StartState(checkpoint?.state ?? initialState(step.pack.initialValues(settings.seed)));
  const measuring = () => enter('measuring threads');
  const plan = await withThreads(configured, start.borrow(), settings, resumedFrom, measuring);
  const { placement } = plan;
  const steps = owner.add(new FusedSteps(plan));
  const recompute = memory.recomputes ? 'on' : 'off';
  const decided: RunSettings = { ...settings, threads: placement.threads, recompute };
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
