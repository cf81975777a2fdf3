import type { CommandLaunchRequest, CommandPreview, RetryPolicy } from '../domain/commandLaunch.ts';
import type { EntryPoint, HydraComposition, HydraForm } from '../domain/entryPoint.ts';
import type { RunId } from '../domain/ids.ts';
import type { Pipeline, PipelineRun } from '../domain/project.ts';
import type { Registry } from '../domain/registry.ts';
import type { RunSummary } from '../domain/run.ts';
import type { SecretQuestion } from '../domain/secret.ts';
import type { FailureGroup, Sweep, SweepRequest } from '../domain/sweep.ts';
import type { NamedTarget, RemoteFile, TargetChoice, TargetReport } from '../domain/target.ts';

/** Methods around launching what the repository has of its own: part of `WorkerMethods`. */
export interface LaunchingMethods {
  /** Everything in the folder that can be launched, and what is wrong in its `trainyard.yaml`. */
  'entries.list': {
    params: { folder: string };
    result: { entries: readonly EntryPoint[]; pipelines: readonly Pipeline[]; problems: readonly string[] };
  };
  /** Groups and keys of a Hydra program, under the overrides that are chosen already. */
  'hydra.form': { params: { folder: string; entry: string; overrides: readonly string[] }; result: HydraForm };
  /** The configuration that the overrides give, by the project's own Hydra where its Python is there. */
  'hydra.compose': {
    params: { folder: string; entry: string; overrides: readonly string[] };
    result: HydraComposition;
  };

  'targets.list': {
    params: { folder: string };
    result: { targets: readonly NamedTarget[]; problems: readonly string[] };
  };
  /** Looks at a target now: free GPUs, partitions, whether it answers. May take seconds; can be cancelled. */
  'targets.report': { params: { folder: string; target: TargetChoice }; result: TargetReport };

  /** Files of a run that stayed on the machine where it ran: checkpoints above all, newest first. */
  'remoteFiles.list': { params: { runId: RunId }; result: { files: readonly RemoteFile[] } };
  /** Brings one here, to its place in the run's directory; `remoteFiles.progress` tells how far it is. Gives the absolute path. */
  'remoteFiles.fetch': { params: { runId: RunId; path: string }; result: { file: string } };

  /** Removes what an ended run left on the machine where it ran; what is here stays. Gives the bytes freed. Throws `conflict` while it lives. */
  'remoteFiles.clear': { params: { runId: RunId }; result: { bytes: number } };

  'command.preview': { params: CommandLaunchRequest; result: CommandPreview };
  'command.launch': { params: CommandLaunchRequest; result: { runId: RunId; run: RunSummary } };
  /** The request that would launch the run again; `checkpoint` adds the entry's own arguments for going on. Throws `conflict` for runs that were not launched by command. */
  'command.request': { params: { runId: RunId; checkpoint?: string }; result: CommandLaunchRequest };
  /** Launches the run again in a worktree at its commit, with its patch and configuration. */
  'runs.reproduce': {
    params: { runId: RunId; requestId: string };
    result: { runId: RunId; run: RunSummary; worktree: string };
  };
  /** Texts of two runs for an editor that shows differences. `code` is the repository's difference between their commits and patches, as a patch. */
  'runs.compare': {
    params: { left: RunId; right: RunId; what: 'config' | 'code' | 'environment' };
    result: { left: string; right: string; language: string; remarks: readonly string[] };
  };

  'sweeps.list': { params: { folder?: string }; result: { sweeps: readonly Sweep[] } };
  /** Trials that a request means, before it starts; problems are sentences. */
  'sweeps.preview': {
    params: SweepRequest;
    result: { trials: readonly (readonly string[])[]; total: number; problems: readonly string[] };
  };
  'sweeps.start': { params: SweepRequest; result: { sweep: Sweep } };
  'sweeps.pause': { params: { sweepId: string; paused: boolean }; result: { sweep: Sweep } };
  'sweeps.failures': { params: { sweepId: string }; result: { groups: readonly FailureGroup[] } };
  /** Launches trials again: all that failed, all that are missing, those that ran out of time (from their checkpoint), or named ones. `edits` are overrides that come last. */
  'sweeps.relaunch': {
    params: {
      sweepId: string;
      which: 'failed' | 'missing' | 'timed-out' | readonly number[];
      edits?: readonly string[];
      requestId: string;
    };
    result: { sweep: Sweep; started: number };
  };

  'pipelines.launch': {
    params: {
      requestId: string;
      folder: string;
      pipeline: string;
      parameters: { readonly [name: string]: string };
      target: TargetChoice;
      /** First stage to run; those before it are taken as done. */
      from?: string;
      /** Only this stage, with its dry arguments. */
      dry?: string;
      /** For stages for which trainyard.yaml names no policy. */
      retry?: RetryPolicy;
    };
    result: { pipelineRun: PipelineRun };
  };
  'pipelines.list': { params: { folder: string }; result: { pipelineRuns: readonly PipelineRun[] } };

  'registry.read': { params: { folder: string; file?: string }; result: { registries: readonly Registry[] } };
  /** Changes the registry under its own lock with an atomic replace. */
  'registry.change': {
    params: {
      file: string;
      change: 'mark' | 'unmark' | 'mark-all-failed' | 'rebuild';
      experiments?: readonly string[];
    };
    result: { registry: Registry; changed: readonly string[] };
  };

  /** Answers a question of `secrets.asked`; without `answer` the person declines. Nothing is kept. Late and repeated answers do nothing. */
  'secrets.answer': { params: { id: string; answer?: string }; result: null };

  /** What `care.warning` has told and is not over, for whoever connects later. */
  'care.list': { params: Record<string, never>; result: { warnings: readonly LaunchingEvents['care.warning'][] } };
}

/** Events around launching: part of `WorkerEvents`. */
export interface LaunchingEvents {
  'sweeps.changed': { sweep: Sweep };
  'pipelines.changed': { pipelineRun: PipelineRun };
  'registry.changed': { file: string };
  /** A program that runs for the worker (ssh) asks a person; every window is told, and the first answer counts. */
  'secrets.asked': { id: string; question: SecretQuestion };
  /** The question was answered elsewhere, or nobody waits for the answer any more. */
  'secrets.settled': { id: string };
  'remoteFiles.progress': { runId: RunId; path: string; bytes: number; of: number };
  /** Something that endangers runs: disk, memory, temperature, a host that does not answer. Said once until it is over. */
  'care.warning': { key: string; message: string; hint?: string; over: boolean };
}
