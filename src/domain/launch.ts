import type { CommandLaunchRequest } from './commandLaunch.ts';
import type { DeviceChoice } from './device.ts';
import type { EntryPoint } from './entryPoint.ts';
import type { RunId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { NamedTarget } from './target.ts';

/** What a person asks for when launching a recipe. */
export interface LaunchRequest {
  /** Made by the caller, so that asking twice (a retry, two windows) launches once. A ULID or UUID. */
  readonly requestId: string;
  /** Absolute path of the workspace folder; runs go to `<folder>/<runsFolder>/<name>`. */
  readonly folder: string;
  /** Where runs go, relative to the folder or absolute; absent: `runs`. */
  readonly runsFolder?: string;
  readonly recipe: string;
  /** Absolute path of a YAML configuration; absent: the recipe's defaults. */
  readonly configFile?: string;
  /** `key=value`, as typed. */
  readonly overrides: readonly string[];
  readonly device: DeviceChoice;
  /** Absent: made from recipe and time. Letters, digits, dot, dash, underscore. */
  readonly name?: string;
  /** Absolute path of a checkpoint to go on from. */
  readonly resumeFrom?: string;
  readonly labels?: readonly string[];
  /** Waits in the queue until it is released. */
  readonly hold?: boolean;
}

/** Exactly what will run, before it runs. */
export interface LaunchPreview {
  readonly name: string;
  readonly runDirectory: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly config: JsonObject;
  readonly configYaml: string;
  readonly commit?: string;
  readonly dirty: boolean;
  /** Sentences; a launch with problems is refused. */
  readonly problems: readonly string[];
}

/** `launch.json` in a run directory: written and synced before anything starts. */
export interface LaunchRecord {
  readonly format: 1;
  readonly id: RunId;
  readonly requestId: string;
  readonly name: string;
  readonly recipe: string;
  readonly createdAt: number;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Variables that were set beyond the inherited environment; never a secret. */
  readonly env: { readonly [name: string]: string };
  readonly device: DeviceChoice;
  readonly overrides: readonly string[];
  readonly configFile?: string;
  readonly resumeFrom?: string;
  readonly resumedFrom?: RunId;
  readonly commit?: string;
  readonly branch?: string;
  readonly dirty: boolean;
  /** File in the run directory that holds the uncommitted changes. */
  readonly patchFile?: string;
  readonly labels: readonly string[];
  /** What only launches of commands have. */
  readonly commandLaunch?: CommandLaunchFacts;
}

/** The part of a launch record that belongs to a command of the repository. */
export interface CommandLaunchFacts {
  /** The request as it came, so that the run can be launched again. */
  readonly request: CommandLaunchRequest;
  /** The entry point as it was found then. */
  readonly entry?: EntryPoint;
  /** The target with everything decided: another worker drives the job from this alone. */
  readonly target: NamedTarget;
  /** Names of files in the run directory that say how it was: composed configuration, lock files, `pip freeze`, hardware, data hashes, untracked files. */
  readonly snapshot: readonly string[];
}

/** What runs of the same thing have in common: the entry point's id, or the plain command itself. */
export function launchKeyOf({ entry, request }: Pick<CommandLaunchFacts, 'entry' | 'request'>): string {
  return entry?.id ?? `command:${JSON.stringify(request.command ?? [])}`;
}
