/** Runs a command with the arguments behind its name; gives the exit code, or throws UsageError or AppError. */
export type CommandRun = (args: readonly string[]) => Promise<number>;

export interface Command {
  /** One line for the overview. */
  readonly summary: string;
  readonly load: () => Promise<CommandRun>;
}

/** Every command. Its code is loaded only when it is called. */
export const commands = {
  launch: {
    summary: 'put a training run or a command of the repository into the queue',
    load: async () => (await import('./commands/launch.ts')).runLaunch,
  },
  entries: {
    summary: 'list what can be launched in a folder',
    load: async () => (await import('./commands/entries.ts')).runEntries,
  },
  targets: {
    summary: 'list where runs can be launched, or look at one place',
    load: async () => (await import('./commands/targets.ts')).runTargets,
  },
  sweep: {
    summary: 'start, list, repair or pause sweeps',
    load: async () => (await import('./commands/sweep.ts')).runSweep,
  },
  pipeline: {
    summary: 'launch a pipeline of trainyard.yaml, or list those that were',
    load: async () => (await import('./commands/pipeline.ts')).runPipeline,
  },
  registry: {
    summary: 'read a registry of experiments, or mark its experiments for another run',
    load: async () => (await import('./commands/registry.ts')).runRegistry,
  },
  reproduce: {
    summary: 'launch a run again with its code, configuration and seed',
    load: async () => (await import('./commands/reproduce.ts')).runReproduce,
  },
  compare: {
    summary: 'show what differs between two runs',
    load: async () => (await import('./commands/compare.ts')).runCompare,
  },
  stop: {
    summary: 'stop a run; it keeps a checkpoint',
    load: async () => (await import('./commands/stop.ts')).runStop,
  },
  resume: {
    summary: 'go on from a checkpoint, as a new run',
    load: async () => (await import('./commands/resume.ts')).runResume,
  },
  runs: { summary: 'list the runs of a folder', load: async () => (await import('./commands/runs.ts')).runRuns },
  metrics: {
    summary: 'show the series of a run, or the points of some',
    load: async () => (await import('./commands/metrics.ts')).runMetrics,
  },
  checkpoints: {
    summary: 'list the checkpoints of a folder',
    load: async () => (await import('./commands/checkpoints.ts')).runCheckpoints,
  },
  checkpoint: {
    summary: 'show what is in a checkpoint file or model folder',
    load: async () => (await import('./commands/checkpoint.ts')).runCheckpoint,
  },
  jobs: {
    summary: 'list the queue; move, hold, release or cancel what waits',
    load: async () => (await import('./commands/jobs.ts')).runJobs,
  },
  log: {
    summary: 'print what a run wrote to its terminal',
    load: async () => (await import('./commands/log.ts')).runLog,
  },
  console: {
    summary: 'print what a run printed, wherever its tracker keeps it',
    load: async () => (await import('./commands/console.ts')).runConsole,
  },
  media: {
    summary: 'list the images, texts, histograms and tables of a run, or save one',
    load: async () => (await import('./commands/media.ts')).runMedia,
  },
  doctor: {
    summary: 'look at devices, disk, worker and tools',
    load: async () => (await import('./commands/doctor.ts')).runDoctor,
  },
  inspect: {
    summary: 'read a file or folder directly, without the worker',
    load: async () => (await import('./commands/inspect.ts')).runInspect,
  },
  sample: {
    summary: 'draw samples from a checkpoint of Trainyard',
    load: async () => (await import('./commands/sample.ts')).runSample,
  },
  eval: {
    summary: 'measure a checkpoint of Trainyard on held-out data',
    load: async () => (await import('./commands/eval.ts')).runEval,
  },
  export: {
    summary: 'write a checkpoint of Trainyard as an ONNX model',
    load: async () => (await import('./commands/export.ts')).runExport,
  },
  profile: {
    summary: 'print where the time of a step of a run goes',
    load: async () => (await import('./commands/profile.ts')).runProfile,
  },
  recipes: {
    summary: 'list what can be trained, or the keys of one recipe',
    load: async () => (await import('./commands/recipes.ts')).runRecipes,
  },
  'install-cuda': {
    summary: 'fetch the CUDA provider of ONNX Runtime, and say what else a GPU needs',
    load: async () => (await import('./commands/installCuda.ts')).runInstallCuda,
  },
  train: {
    summary: 'train a configuration or a recipe in this process',
    load: async () => (await import('./train.ts')).runTrain,
  },
  'probe-device': {
    summary: 'try a device with a small model',
    load: async () => (await import('./train.ts')).runProbeDevice,
  },
} as const satisfies { readonly [name: string]: Command };

export function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}
