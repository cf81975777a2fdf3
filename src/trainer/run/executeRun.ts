import { Disposables } from '../../base/disposables.ts';
import { describePlacement } from '../../domain/device.ts';
import { describeEstimate } from '../../domain/memoryEstimate.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { countExamples, describeFacts } from '../../recipes/data.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import { runSettings } from '../config/runSettings.ts';
import { type ChosenDevice, type chooseDevice, describeRefused } from '../devices/choose.ts';
import { requirePrecision } from '../devices/halfFloats.ts';
import { lookAtPlacement } from '../devices/placement.ts';
import { describePrecision } from '../devices/precision.ts';
import { exportModel } from '../engine/exportModel.ts';
import { EventFile } from '../events/eventFile.ts';
import { profileRun } from '../profile/profileRun.ts';
import { CheckpointStore } from './checkpointStore.ts';
import { gitState } from './gitState.ts';
import { Measurements } from './measurements.ts';
import { type PreparedRun, prepareRun } from './prepareRun.ts';
import { repeatability } from './repeatability.ts';
import type { RunFolder } from './runFolder.ts';
import { describeDevice, type RunIdentity, runIdentity, runRecord } from './runRecord.ts';
import { type StopRequest, StopRequested } from './stopRequest.ts';
import type { Terminal } from './terminal.ts';
import { TrainingLoop } from './trainingLoop.ts';

/** What one run needs from outside. */
export interface RunContext {
  readonly loaded: LoadedConfig;
  readonly folder: RunFolder;
  readonly stop: StopRequest;
  readonly terminal: Terminal;
  /** The id that the worker gave. */
  readonly givenId: string | undefined;
  readonly workingFolder: string;
  readonly chooseDevice: typeof chooseDevice;
}

/** Where a run ended, and why: undefined at its last step, StopRequested, or what went wrong. */
export interface RunEnd {
  readonly step: number;
  readonly failure: unknown;
}

/** Prepares and trains. Does not throw: a stopped or failed run has an end too. */
export async function executeRun(context: RunContext): Promise<RunEnd> {
  const owner = new Disposables();
  const progress = { step: 0 };
  try {
    const { run, identity } = await prepare(context, owner, progress);
    const loaded = decidedConfig(context.loaded, run);
    await trainPrepared({ ...context, loaded }, run, identity, owner, progress);
    return { step: progress.step, failure: undefined };
  } catch (error) {
    return { step: progress.step, failure: error };
  } finally {
    owner.dispose();
  }
}

/** The configuration with what was left to the trainer, so that the run can be repeated. */
function decidedConfig({ recipe, config }: LoadedConfig, { settings }: PreparedRun): LoadedConfig {
  return { recipe, config: { ...config, threads: settings.threads, recompute: settings.recompute } };
}

interface Progress {
  step: number;
}

/** Device, data, model; then the run says in its directory what it is. */
async function prepare(
  { loaded, folder, stop, terminal, givenId, workingFolder, chooseDevice }: RunContext,
  owner: Disposables,
  progress: Progress,
): Promise<{ run: PreparedRun; identity: RunIdentity }> {
  const { recipe, config } = loaded;
  const settings = runSettings(config);
  const enter = async (phase: string) => {
    folder.writeProgress({ phase, step: progress.step, totalSteps: settings.steps }, true);
    await stop.pause();
  };
  const launch = folder.launchRecord();
  const identity = runIdentity(givenId, settings.name || folder.name, launch);
  folder.writeConfig(recipe.info.id, { ...config, name: identity.name });
  await enter('checking the device');
  const chosen = await chooseDevice(settings.device);
  await requirePrecision(settings.precision, chosen.device);
  const run = await prepareRun(loaded, folder.path, chosen.device, owner, enter);
  progress.step = run.start.step;
  if (settings.threads === 0 || settings.recompute === 'auto') {
    folder.writeConfig(recipe.info.id, { ...decidedConfig(loaded, run).config, name: identity.name });
  }
  const code = launch === undefined ? await gitState(workingFolder) : pick(launch);
  folder.writeRun(runRecord(identity, recipe, run, chosen, code));
  introduce(terminal, identity, run, chosen);
  return { run, identity };
}

async function trainPrepared(
  { loaded, folder, stop, terminal }: RunContext,
  run: PreparedRun,
  identity: RunIdentity,
  owner: Disposables,
  progress: Progress,
): Promise<void> {
  const events = owner.add(new EventFile(folder.path));
  const checkpoints = makeCheckpoints(loaded, folder, run, identity);
  const measurements = owner.add(new Measurements(run, folder, events));
  announceStart(events, run, loaded);
  for (const name of measurements.missing) terminal.line(`There is no ${name} set, so nothing is evaluated on it.`);
  await measurements.prepare();
  await tellPlacement(run, folder, stop, terminal);
  if (run.settings.profile) {
    folder.writeProgress({ phase: 'profiling', step: run.start.step, totalSteps: run.settings.steps }, true);
    await stop.pause();
    await profileRun(run, folder, identity.name);
    terminal.line(`Where the time of a step goes: ${folder.file(runFiles.profile)}`);
  }
  const loop = new TrainingLoop({ run, folder, events, checkpoints, measurements, terminal, pause: stop.pause });
  try {
    await loop.run();
  } catch (error) {
    if (error instanceof StopRequested) await saveAtStop(loop, folder, run, identity);
    throw error;
  } finally {
    progress.step = loop.step;
  }
  loop.report('exporting');
  await writeModel(folder, run, identity, loop);
  loop.report('finished');
}

/** Operations without a kernel on the device are computed by the CPU, with copies there and back: a person must know, since nothing else shows it. */
async function tellPlacement(
  run: PreparedRun,
  folder: RunFolder,
  stop: StopRequest,
  terminal: Terminal,
): Promise<void> {
  const { device } = run.placement;
  if (device === 'cpu') return;
  folder.writeProgress({ phase: 'checking the device', step: run.start.step, totalSteps: run.settings.steps }, true);
  await stop.pause();
  terminal.line(`${device}: ${describePlacement(await lookAtPlacement(run.plan, run.start.borrow()))}.`);
}

/** A stopped run can go on later, and its model can be used now. */
async function saveAtStop(
  loop: TrainingLoop,
  folder: RunFolder,
  run: PreparedRun,
  identity: RunIdentity,
): Promise<void> {
  loop.report('saving');
  await loop.save();
  if (loop.step > 0) await writeModel(folder, run, identity, loop);
}

async function writeModel(
  folder: RunFolder,
  run: PreparedRun,
  identity: RunIdentity,
  loop: TrainingLoop,
): Promise<void> {
  const metadata = {
    run_id: identity.id,
    run_name: identity.name,
    step: String(loop.step),
    architecture: run.architecture,
  };
  folder.writeModel(exportModel(run.program, run.step.layout, await loop.average(), metadata));
}

function makeCheckpoints(
  loaded: LoadedConfig,
  folder: RunFolder,
  run: PreparedRun,
  identity: RunIdentity,
): CheckpointStore {
  const facts = {
    recipe: loaded.recipe.info.id,
    recipeVersion: loaded.recipe.info.version,
    architecture: run.architecture,
    runId: identity.id,
    runName: identity.name,
    seed: run.settings.seed,
    config: JSON.stringify(loaded.config),
    data: JSON.stringify(run.data),
  };
  const store = new CheckpointStore(folder.path, run.step.layout, facts, run.settings.keepCheckpoints);
  const from = run.resumedFrom;
  if (from?.path.startsWith(folder.path)) store.startFrom(from.step);
  return store;
}

/**
 * The first records of an event file: what the run is, and where it was begun before, that it starts anew behind the checkpoint, so that TensorBoard
 * drops the points that the killed process had logged beyond it (tensorboard/backend/event_processing/event_accumulator.py).
 */
function announceStart(events: EventFile, run: PreparedRun, { recipe, config }: LoadedConfig): void {
  if (run.resumedFrom !== undefined || events.isRestart) events.write(run.start.step + 1, { kind: 'restart' });
  const text = `\`\`\`json\n${JSON.stringify({ recipe: recipe.info.id, ...config }, null, 2)}\n\`\`\``;
  events.write(run.start.step, { kind: 'text', tag: 'config', text });
  events.flush();
}

function introduce(terminal: Terminal, identity: RunIdentity, run: PreparedRun, chosen: ChosenDevice): void {
  terminal.line(
    `${identity.name}: ${run.architecture}, ${run.step.pack.size} parameters, on ${describeDevice(chosen, run.settings.threads)}`,
  );
  terminal.line(describeEstimate(run.memory));
  const precision = describePrecision(run.step.numbers, run.placement.device);
  if (precision !== undefined) terminal.line(precision);
  terminal.line(repeatability(run.step, run.placement.device, run.placement.threads));
  if (chosen.warning !== undefined) terminal.line(`${chosen.device}: ${chosen.warning}`);
  for (const refused of chosen.refused) terminal.line(`not on ${describeRefused(refused)}`);
  for (const set of run.dataSets)
    terminal.line(`${set.name}: ${countExamples(set.facts)} (${describeFacts(set.facts)}) from ${set.path}`);
  const { resident } = run.plan;
  if (resident !== undefined) {
    terminal.line(
      `The training set lies on the device (${Math.ceil(resident.bytes / 1e6)} MB): only numbers of examples travel there.`,
    );
  }
  const parent = run.resumedFrom;
  if (parent !== undefined) terminal.line(`Goes on from step ${parent.step} of ${parent.path}`);
  if (parent !== undefined && parent.facts.seed !== run.settings.seed) {
    terminal.line(
      `The seed was ${parent.facts.seed} and is ${run.settings.seed} now: examples come in another order from here on.`,
    );
  }
}

function pick({ commit, dirty }: { readonly commit?: string; readonly dirty: boolean }): {
  commit?: string;
  dirty: boolean;
} {
  return { ...(commit === undefined ? {} : { commit }), dirty };
}
