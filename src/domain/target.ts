import type { Json } from './json.ts';

/** Kinds of places where jobs run. One folder under src/launch each. */
export const targetKinds = ['local', 'ssh', 'slurm', 'modal', 'command'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** This machine. */
export interface LocalSettings {
  readonly kind: 'local';
}

/** A host that the system's ssh reaches. */
export interface SshPlace {
  /** As typed behind `ssh`: a host of the user's configuration or user@name. */
  readonly host: string;
  /** Another configuration file than the user's own. */
  readonly configFile?: string;
  /** Python 3 over there, for the agent (standard library only). Absent: python3. */
  readonly python?: string;
}

export interface SshSettings extends SshPlace {
  readonly kind: 'ssh';
  /** Where code and runs go over there; `~` is that user's home. Absent: ~/.trainyard. */
  readonly folder?: string;
  /** How code gets there: `git` commit and patch, `tar` of the tracked and untracked files, or `none` where `workdir` is there already. */
  readonly code?: 'git' | 'tar' | 'none';
  /** Folder over there that commands run in with `code: none`. */
  readonly workdir?: string;
  readonly env?: { readonly [name: string]: string };
}

/** What sbatch is told. Absent keys are left to the cluster. */
export interface SlurmResources {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly gres?: string;
  /** As SLURM writes it: "02:00:00", "1-00:00:00". */
  readonly time?: string;
  readonly nodes?: number;
  readonly tasks?: number;
  readonly cpusPerTask?: number;
  readonly mem?: string;
  readonly constraint?: string;
  /** Further options of sbatch, one argument each. */
  readonly options?: readonly string[];
}

export interface SlurmSettings extends SlurmResources {
  readonly kind: 'slurm';
  /** The login node; absent: sbatch runs on this machine. The folder must be the same over there, or `folder` names it. */
  readonly ssh?: SshPlace;
  /** Where code and runs go when the login node does not share this machine's disk. */
  readonly folder?: string;
  /** Whether this machine and the cluster see the same files. Absent: true without ssh, false with it. */
  readonly shared?: boolean;
  /** Lines of shell before the command: modules, environments. They are the user's own text of trainyard.yaml. */
  readonly setup?: readonly string[];
  readonly presets?: { readonly [name: string]: SlurmResources };
  /** Pre-empted and timed-out jobs are asked to keep a checkpoint so many seconds before, and are queued again. */
  readonly warnSeconds?: number;
  readonly requeue?: boolean;
  /** Runs that start together and ask for the same become one array job. Absent: true. */
  readonly arrays?: boolean;
  /** How many tasks of such an array may run at once. */
  readonly arrayLimit?: number;
}

export interface ModalSettings {
  readonly kind: 'modal';
  /** `app`: the repository's app by `modal run --detach`; `sandbox`: a GPU sandbox through the SDK. */
  readonly mode: 'app' | 'sandbox';
  /** File of the app, relative to the folder; with `::function` where it has several. */
  readonly app?: string;
  /** The `modal` program as argument vector; absent: ["modal"]. */
  readonly program?: readonly string[];
  readonly appName?: string;
  readonly gpu?: string;
  readonly image?: string;
  readonly volume?: string;
  readonly timeoutMinutes?: number;
  /** US dollars per hour of this GPU, as the user looked it up; shown before a launch. */
  readonly pricePerHour?: number;
}

/** Four commands of the user's. `{name}` words in them are replaced, each within its argument: {run} {id} {directory} {job} {command…}. */
export interface CommandSettings {
  readonly kind: 'command';
  readonly submit: readonly string[];
  readonly status: readonly string[];
  readonly logs?: readonly string[];
  readonly cancel: readonly string[];
  readonly pollSeconds?: number;
}

export type TargetSettings = LocalSettings | SshSettings | SlurmSettings | ModalSettings | CommandSettings;

/** A target as the user knows it: "local", or a name in trainyard.yaml. */
export interface NamedTarget {
  readonly name: string;
  readonly settings: TargetSettings;
}

/** What was chosen at the launch beyond the target's settings: a preset and single values, for instance {"gres": "gpu:2"}. */
export interface TargetChoice {
  readonly name: string;
  readonly preset?: string;
  readonly values?: { readonly [key: string]: Json };
}

/** What a person should know while choosing: free GPUs, partitions, costs. */
export interface TargetReport {
  readonly name: string;
  readonly kind: TargetKind;
  readonly usable: boolean;
  /** Lines such as "2 of 8 GPUs free", "partition gpu: 3 idle nodes". */
  readonly lines: readonly string[];
  /** Sentences: what is wrong and what to do. */
  readonly problems: readonly string[];
}

/** A file of a run that lies on another machine: checkpoints are fetched when somebody wants them. */
export interface RemoteFile {
  /** Below the run's folder over there, and below the run's directory here once it was fetched. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAt: number;
  /** Whether the same version is here already. */
  readonly here: boolean;
}
