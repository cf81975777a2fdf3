import type { Json, JsonObject } from './json.ts';
import type { SlurmResources } from './target.ts';

/** Where a thing that can be launched was found. `named` stands in `trainyard.yaml`. */
export const entryKinds = ['hydra', 'script', 'module', 'slurm', 'shell', 'make', 'modal', 'named'] as const;
export type EntryKind = (typeof entryKinds)[number];

/** Something in the repository that can be launched as it is. */
export interface EntryPoint {
  /** The same as long as the file keeps its place: kind and path in the folder, "hydra:src/train.py". */
  readonly id: string;
  readonly kind: EntryKind;
  readonly title: string;
  /** Absolute path of the file that it stands in, and the line (from 1) that made it an entry point. */
  readonly file?: string;
  readonly line?: number;
  /** Why it was taken for one, in a sentence: "has @hydra.main(config_name='train')". */
  readonly reason: string;
  /** Program and arguments, before those that a person adds. Never meets a shell. */
  readonly command: readonly string[];
  /** Absolute path. */
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  /** What may be added: overrides of Hydra's grammar, any arguments, or nothing. */
  readonly takes: 'hydra' | 'arguments' | 'nothing';
  readonly role: 'train' | 'evaluate' | 'data' | 'other';
  readonly python?: PythonEnvironment;
  readonly hydra?: HydraPlace;
  /** Arguments by which it goes on from a checkpoint, `{checkpoint}` standing for its path: ["ckpt_path={checkpoint}"], ["resume=true"]. */
  readonly resume?: readonly string[];
  /** Argument that hands on the run's name: "run_name={name}". */
  readonly nameArgument?: string;
  /** Options that its usage text or its parser names, for a form: `--fast`, `--run-name NAME`. */
  readonly options?: readonly EntryOption[];
  /** What a script for sbatch asks for in its #SBATCH lines. */
  readonly slurm?: SlurmResources;
}

/** An option of a program. */
export interface EntryOption {
  /** With its dashes: "--run-name". */
  readonly name: string;
  /** What stands for its value: "NAME", or choices, "local|modal". Absent: a switch. */
  readonly value?: string;
  readonly description?: string;
  readonly required?: boolean;
}

/** The Python that runs an entry point. */
export interface PythonEnvironment {
  readonly kind: 'uv' | 'poetry' | 'pixi' | 'conda' | 'venv' | 'system';
  /** What stands before the script: ["uv", "run", "python"], ["/repo/.venv/bin/python"]. */
  readonly program: readonly string[];
  /** Why this one, in a sentence. */
  readonly reason: string;
}

/** Where a Hydra program has its configuration. */
export interface HydraPlace {
  /** Absolute path of the folder of `config_path`; absent where the program keeps its configuration in code. */
  readonly configDir?: string;
  readonly configName?: string;
}

/** What can be chosen in a Hydra program: its groups and keys with their values at the moment. */
export interface HydraForm {
  readonly groups: readonly HydraGroup[];
  /** Leaves of the composed configuration by dotted key, in its order. */
  readonly keys: readonly HydraKey[];
  readonly composition: HydraComposition;
}

export interface HydraGroup {
  /** "model", "hydra/launcher". */
  readonly name: string;
  readonly options: readonly string[];
  /** The option that is chosen now; absent where none is. A list where the defaults choose several. */
  readonly chosen?: string | readonly string[];
}

export interface HydraKey {
  readonly key: string;
  readonly value: Json;
  /** The value is `???`: it must be given. */
  readonly missing: boolean;
  /** The comment beside or above the key in its file. */
  readonly comment?: string;
}

/** A configuration as it would be with some overrides. */
export interface HydraComposition {
  readonly config: JsonObject;
  readonly yaml: string;
  /** Dotted keys that are still `???`. */
  readonly missing: readonly string[];
  /** Composed by the project's own Hydra, or by ours, which is an estimate. */
  readonly by: 'hydra' | 'estimate';
  /** Why it is an estimate, and what is wrong with the overrides: sentences. */
  readonly remarks: readonly string[];
  /** Sentences; a launch with problems is refused. */
  readonly problems: readonly string[];
}
