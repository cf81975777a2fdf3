/**
 * Every id that package.json and the code share. A unit test compares both sides, so that neither can forget the other.
 */

export const commandIds = {
  launch: 'trainyard.launch',
  stop: 'trainyard.stop',
  forceStop: 'trainyard.forceStop',
  resume: 'trainyard.resume',
  runAgain: 'trainyard.runAgain',
  showMetrics: 'trainyard.showMetrics',
  showSamples: 'trainyard.showSamples',
  showLog: 'trainyard.showLog',
  revealRun: 'trainyard.revealRun',
  openProfile: 'trainyard.openProfile',
  openConsole: 'trainyard.openConsole',
  openConfiguration: 'trainyard.openConfiguration',
  openArtifact: 'trainyard.openArtifact',
  revealSource: 'trainyard.revealSource',
  splitRun: 'trainyard.splitRun',
  mergeRuns: 'trainyard.mergeRuns',
  copyRunId: 'trainyard.copyRunId',
  rename: 'trainyard.rename',
  tag: 'trainyard.tag',
  archive: 'trainyard.archive',
  unarchive: 'trainyard.unarchive',
  deleteRun: 'trainyard.deleteRun',
  logConclusion: 'trainyard.logConclusion',
  restartWorker: 'trainyard.restartWorker',
  doctor: 'trainyard.doctor',
  installCuda: 'trainyard.installCuda',
  showOutput: 'trainyard.showOutput',
  openWalkthrough: 'trainyard.openWalkthrough',
  refresh: 'trainyard.refresh',
  filterRuns: 'trainyard.runs.filter',
  clearFilter: 'trainyard.runs.clearFilter',
  groupRuns: 'trainyard.runs.group',
  sortRuns: 'trainyard.runs.sort',
  showArchived: 'trainyard.runs.showArchived',
  hideArchived: 'trainyard.runs.hideArchived',
  openCheckpoint: 'trainyard.checkpoint.open',
  revealCheckpoint: 'trainyard.checkpoint.reveal',
  copyCheckpointPath: 'trainyard.checkpoint.copyPath',
  measureCheckpoint: 'trainyard.checkpoint.measure',
  drawSamples: 'trainyard.checkpoint.draw',
  exportCheckpoint: 'trainyard.checkpoint.export',
  openEntry: 'trainyard.experimentLog.openEntry',
  openLogEntries: 'trainyard.openLogEntries',
  openExperimentLog: 'trainyard.experimentLog.open',
  moveJobUp: 'trainyard.queue.moveUp',
  moveJobDown: 'trainyard.queue.moveDown',
  holdJob: 'trainyard.queue.hold',
  releaseJob: 'trainyard.queue.release',
  cancelJob: 'trainyard.queue.cancel',
  setPriority: 'trainyard.queue.setPriority',
  launchFile: 'trainyard.launchFile',
  launchEntry: 'trainyard.entry.launch',
  launchEntryWith: 'trainyard.entry.launchWith',
  compareRuns: 'trainyard.compareRuns',
  reproduce: 'trainyard.reproduce',
  copyCommandLine: 'trainyard.copyCommandLine',
  openFailure: 'trainyard.openFailure',
  fetchRemoteFile: 'trainyard.fetchRemoteFile',
  clearRemote: 'trainyard.clearRemote',
  relaunchFailed: 'trainyard.sweep.relaunchFailed',
  fillMissing: 'trainyard.sweep.fillMissing',
  resumeTimedOut: 'trainyard.sweep.resumeTimedOut',
  relaunchWithEdit: 'trainyard.sweep.relaunchWithEdit',
  pauseSweep: 'trainyard.sweep.pause',
  continueSweep: 'trainyard.sweep.continue',
  openLedger: 'trainyard.sweep.openLedger',
  launchPipeline: 'trainyard.pipeline.launch',
  rerunFromStage: 'trainyard.pipeline.rerunFrom',
  dryRunStage: 'trainyard.pipeline.dryRun',
  markExperiments: 'trainyard.registry.mark',
  unmarkExperiments: 'trainyard.registry.unmark',
  markAllFailed: 'trainyard.registry.markAllFailed',
  validateRegistry: 'trainyard.registry.validate',
  rebuildRegistry: 'trainyard.registry.rebuild',
  openExperiment: 'trainyard.registry.open',
  createProjectFile: 'trainyard.project.create',
  addSshHost: 'trainyard.project.addSshHost',
  addSlurmTarget: 'trainyard.project.addSlurmTarget',
} as const;

export type CommandName = keyof typeof commandIds;

export const viewContainerId = 'trainyard';

export const viewIds = {
  runs: 'trainyard.runs',
  checkpoints: 'trainyard.checkpoints',
  experimentLog: 'trainyard.experimentLog',
  queue: 'trainyard.queue',
} as const;

/** Views that are there only while there is something in them; they are registered when that is known. */
export const laterViewIds = {
  sweeps: 'trainyard.sweeps',
  pipelines: 'trainyard.pipelines',
  registry: 'trainyard.registry',
} as const;

/** Types of the panels, as VS Code keeps them between sessions. */
export const panelTypes = {
  metrics: 'trainyard.metrics',
  samples: 'trainyard.samples',
} as const;

/** Schemes of documents that only this extension can read. */
export const contentSchemes = {
  document: 'trainyard',
  log: 'trainyard-log',
} as const;

export const walkthroughId = 'trainyard.start';

/** Keys of `when` clauses that the code sets. */
export const contextKeys = {
  /** `idle`, `connecting`, `ready`, `lost` or `failed`: the state of the link to the worker. */
  link: 'trainyard.link',
  filtered: 'trainyard.filtered',
  showingArchived: 'trainyard.showingArchived',
  hasSweeps: 'trainyard.hasSweeps',
  hasPipelines: 'trainyard.hasPipelines',
  hasRegistry: 'trainyard.hasRegistry',
} as const;

/** Settings below `trainyard.`, with their defaults. */
export const settingDefaults = {
  runsFolder: 'runs',
  exclude: ['**/node_modules', '**/.git', '**/.venv', '**/__pycache__'] as readonly string[],
  pollSeconds: 10,
  'trackers.folders': [] as readonly string[],
  'trackers.trackio': true,
  notifications: 'all' as 'all' | 'failures' | 'off',
  'metrics.smoothing': 0.6,
  'worker.idleMinutes': 10,
  'worker.nodePath': '',
};

export type SettingName = keyof typeof settingDefaults;
