import type { App } from '../app.ts';
import * as comparing from '../compare/commands.ts';
import type { CommandName } from '../contributions.ts';
import * as cuda from '../cuda/install.ts';
import * as clearing from '../elsewhere/clear.ts';
import * as elsewhere from '../elsewhere/commands.ts';
import * as entries from '../entries/commands.ts';
import * as pipelines from '../pipelines/commands.ts';
import * as project from '../project/commands.ts';
import * as registry from '../registry/commands.ts';
import * as sweeps from '../sweeps/commands.ts';
import * as artifacts from './artifactCommands.ts';
import * as checkpoints from './checkpointCommands.ts';
import * as uses from './checkpointUses.ts';
import * as deleting from './deleteRun.ts';
import * as launching from './launchCommands.ts';
import * as logs from './logCommands.ts';
import * as queue from './queueCommands.ts';
import * as runs from './runCommands.ts';
import * as sources from './sourceCommands.ts';
import * as views from './viewCommands.ts';
import * as worker from './workerCommands.ts';

type Handler = (app: App, ...args: readonly unknown[]) => unknown;

/** What each command does; a command without a line here does not compile. */
export const handlers: { readonly [C in CommandName]: Handler } = {
  launch: launching.launch,
  runAgain: launching.runAgain,
  openWalkthrough: launching.openWalkthrough,
  stop: runs.stop,
  forceStop: runs.forceStop,
  resume: runs.resume,
  showMetrics: runs.showMetrics,
  showSamples: runs.showSamples,
  showLog: runs.showLog,
  revealRun: runs.revealRun,
  openProfile: runs.openProfile,
  openConsole: sources.openConsole,
  openConfiguration: sources.openConfiguration,
  openArtifact: artifacts.openArtifact,
  revealSource: sources.revealSource,
  splitRun: sources.splitRun,
  mergeRuns: sources.mergeRuns,
  copyRunId: runs.copyRunId,
  rename: runs.rename,
  tag: runs.tag,
  archive: runs.archive,
  unarchive: runs.unarchive,
  deleteRun: deleting.deleteRun,
  logConclusion: logs.logConclusion,
  openEntry: logs.openEntry,
  openLogEntries: logs.openLogEntries,
  openExperimentLog: logs.openExperimentLog,
  restartWorker: worker.restartWorker,
  doctor: worker.doctor,
  installCuda: cuda.installCuda,
  showOutput: worker.showOutput,
  refresh: views.refresh,
  filterRuns: views.filterRuns,
  clearFilter: views.clearFilter,
  groupRuns: views.groupRuns,
  sortRuns: views.sortRuns,
  showArchived: views.showArchived,
  hideArchived: views.hideArchived,
  openCheckpoint: checkpoints.openCheckpoint,
  revealCheckpoint: checkpoints.revealCheckpoint,
  copyCheckpointPath: checkpoints.copyCheckpointPath,
  measureCheckpoint: uses.measureCheckpoint,
  drawSamples: uses.drawSamples,
  exportCheckpoint: uses.exportCheckpoint,
  moveJobUp: queue.moveJobUp,
  moveJobDown: queue.moveJobDown,
  holdJob: queue.holdJob,
  releaseJob: queue.releaseJob,
  cancelJob: queue.cancelJob,
  setPriority: queue.setPriority,
  launchFile: entries.launchFile,
  launchEntry: entries.launchEntry,
  launchEntryWith: entries.launchEntryWith,
  compareRuns: comparing.compareRuns,
  reproduce: comparing.reproduce,
  copyCommandLine: comparing.copyCommandLine,
  openFailure: comparing.openFailure,
  fetchRemoteFile: elsewhere.fetchRemoteFile,
  clearRemote: clearing.clearRemote,
  relaunchFailed: sweeps.relaunchFailed,
  fillMissing: sweeps.fillMissing,
  resumeTimedOut: sweeps.resumeTimedOut,
  relaunchWithEdit: sweeps.relaunchWithEdit,
  pauseSweep: sweeps.pauseSweep,
  continueSweep: sweeps.continueSweep,
  openLedger: sweeps.openLedger,
  launchPipeline: pipelines.launchPipeline,
  rerunFromStage: pipelines.rerunFromStage,
  dryRunStage: pipelines.dryRunStage,
  markExperiments: registry.markExperiments,
  unmarkExperiments: registry.unmarkExperiments,
  markAllFailed: registry.markAllFailed,
  validateRegistry: registry.validateRegistry,
  rebuildRegistry: registry.rebuildRegistry,
  openExperiment: registry.openExperiment,
  createProjectFile: project.createProjectFile,
  addSshHost: project.addSshHost,
  addSlurmTarget: project.addSlurmTarget,
};
