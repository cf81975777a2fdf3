import type { CommandLaunchRequest } from '../../../domain/commandLaunch.ts';
import type { EntryPoint, HydraForm } from '../../../domain/entryPoint.ts';
import type { Json } from '../../../domain/json.ts';
import type { SweepAxis } from '../../../domain/sweep.ts';
import type { NamedTarget, TargetChoice } from '../../../domain/target.ts';
import type { RpcClient } from '../../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../../protocol/worker.ts';
import type { Documents } from '../../ui/documents.ts';
import { parseHydra } from '../hydraGrammar.ts';
import { splitScriptSweep } from '../scriptSweep.ts';
import { type SearchSettings, splitSweep } from '../sweepPlan.ts';
import { targetChoice } from '../targetRows.ts';

export interface CommandFormOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly documents: Documents;
  readonly folder: string;
  readonly runsFolder: string;
  readonly title: string;
  /** Names of runs that exist already in the folder. */
  readonly taken: ReadonlySet<string>;
  /** Tags of metrics that runs of the folder have. */
  readonly metrics: readonly string[];
  /** The entry point; absent: a command of the person's own. */
  readonly entry?: EntryPoint;
  /** A request to begin with. */
  readonly initial?: Omit<CommandLaunchRequest, 'requestId'>;
  /** Lines of arguments that this entry was launched with before, the latest first. */
  readonly former: readonly (readonly string[])[];
  /** Goes to the last step at once, where nothing is missing. */
  readonly straight?: boolean;
  /** Whether one can go back to a choice that was made before the form. */
  readonly canLeave?: boolean;
  /** Shows the configuration beside that of the last run. */
  readonly showChanges: (
    preview: WorkerMethods['command.preview']['result'],
    entry: string | undefined,
  ) => Promise<void>;
}

/** What was answered so far; the steps change it. */
export interface FormState {
  hydra: HydraForm | undefined;
  /** The overrides that `hydra` was composed under. */
  hydraUnder: string;
  overrides: readonly string[];
  command: readonly string[];
  args: readonly string[];
  targets: readonly NamedTarget[];
  target: NamedTarget;
  preset: string | undefined;
  values: ReadonlyMap<string, Json>;
  gpus: number | undefined;
  /** Whether lists of values in the arguments of a plain program mean a sweep. Those of a Hydra program always do. */
  sweepsArguments: boolean;
  search: SearchSettings;
  name: string;
  hold: boolean;
}

export interface Form extends CommandFormOptions {
  readonly requestId: string;
  readonly sweepId: string;
  readonly state: FormState;
}

/** What the form asks for now: the launch that all trials share, and the dimensions of a sweep, where it is one. */
export function requestOf(form: Form): { readonly request: CommandLaunchRequest; readonly axes: readonly SweepAxis[] } {
  const { state, entry, initial, folder, runsFolder, requestId } = form;
  const { common, axes } = splitArguments(form);
  const target: TargetChoice = targetChoice(state.target.name, state.preset, state.values);
  const { entry: _entry, command: _command, gpus: _gpus, name: _name, hold: _hold, ...former } = initial ?? {};
  const request: CommandLaunchRequest = {
    ...former,
    requestId,
    folder,
    runsFolder,
    ...(entry === undefined ? { command: state.command } : { entry: entry.id }),
    arguments: common,
    target,
    ...(state.gpus === undefined ? {} : { gpus: state.gpus }),
    ...(state.name === '' ? {} : { name: state.name }),
    ...(state.hold ? { hold: true } : {}),
  };
  return { request, axes };
}

export function isSweep(form: Form): boolean {
  return splitArguments(form).axes.length > 0;
}

function splitArguments({ entry, state }: Form): ReturnType<typeof splitSweep> {
  if (entry?.takes === 'hydra') return splitSweep(state.overrides, parseHydra);
  return state.sweepsArguments ? splitScriptSweep(state.args) : { common: state.args, axes: [] };
}
