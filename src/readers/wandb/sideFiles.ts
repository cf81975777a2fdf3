import path from 'node:path';
import type { Result } from '../../base/result.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { ConsoleLog } from '../../domain/records.ts';
import { describeFailure, endingFailure } from '../files/consoleEnd.ts';
import { readdir } from '../files/disk.ts';
import { readJsonObject, readSmallText } from '../files/jsonFile.ts';
import { parseLocalTime } from '../files/localTime.ts';
import { readTextEnds } from '../files/textEnds.ts';
import { parseYaml } from '../files/yaml.ts';
import { stateOf } from './growingFile.ts';
import { isObject } from './json.ts';
import type { SideFileNames } from './names.ts';
import { slurmName } from './slurm.ts';
import type { Environment } from './state.ts';
import { pidInDebugLog } from './writer.ts';

/** wandb-metadata.json, as far as it is used. */
export interface Metadata {
  readonly environment: Environment;
  /** Only versions before 0.10 say how the run ended; later ones write `running` once and leave it. */
  readonly state?: string;
  readonly exitCode?: number;
  readonly heartbeatAt?: number;
  readonly name?: string;
  readonly notes?: string;
  readonly project?: string;
  readonly jobType?: string;
}

/** The files around a run's log. Each may be absent, half written, or appear later; what did not change is not read again. */
export class SideFiles {
  readonly #folder: string;
  readonly #names: SideFileNames;
  readonly #kept = new Map<string, { readonly look: string; readonly value: unknown }>();

  constructor(folder: string, names: SideFileNames) {
    this.#folder = folder;
    this.#names = names;
  }

  /** The configuration without W&B's own part, and the file; undefined where there is none. */
  async config(): Promise<{ readonly tree: JsonObject; readonly file: string } | undefined> {
    const tree = await this.#read(this.#names.config, async (file) => {
      const text = await readSmallText(file);
      return orUndefined(text.ok ? parseYaml(text.value, file) : text);
    });
    return tree === undefined ? undefined : { tree: unwrapConfig(tree), file: this.#path(this.#names.config) };
  }

  async metadata(): Promise<Metadata | undefined> {
    return this.#read(this.#names.metadata, async (file) => {
      const object = orUndefined(await readJsonObject(file));
      return object === undefined ? undefined : readMetadata(object);
    });
  }

  async summary(): Promise<JsonObject | undefined> {
    return this.#read(this.#names.summary, async (file) => orUndefined(await readJsonObject(file)));
  }

  /** Whether the code differed from its commit. */
  async isDirty(): Promise<boolean> {
    return ((await stateOf(this.#folder, this.#names.patch))?.size ?? 0) > 0;
  }

  /** What the program printed, as far as it was written into files. */
  async consoles(): Promise<readonly ConsoleLog[]> {
    const { output, outputFolder } = this.#names;
    const parts = await readdir(this.#path(outputFolder)).catch(() => []);
    const names = [output, ...parts.filter((name) => name.endsWith('.log')).map((name) => `${outputFolder}/${name}`)];
    const found = await Promise.all(names.map((name) => stateOf(this.#folder, name)));
    return found
      .filter((state) => state !== undefined && state.size > 0)
      .map((state) => ({ title: path.basename(state!.name), file: this.#path(state!.name), encoding: 'text' }));
  }

  /** The failure with which the console ends, as a sentence. */
  async failure(): Promise<string | undefined> {
    return this.#read(this.#names.output, async (file) => failureOf((await readTextEnds(file))?.tail ?? ''));
  }

  /** The process that wrote the run. */
  async pid(): Promise<number | undefined> {
    const { debugLog } = this.#names;
    if (debugLog === undefined) return undefined;
    return this.#read(debugLog, async (file) => pidInDebugLog((await readTextEnds(file))?.head ?? ''));
  }

  /** When any of the files was last written that W&B writes while a run is alive. */
  async modifiedAt(): Promise<number | undefined> {
    const { output, summary, metadata, debugLog, internalLog } = this.#names;
    const names = [output, summary, metadata, debugLog, internalLog].filter((name) => name !== undefined);
    const states = await Promise.all(names.map((name) => stateOf(this.#folder, name)));
    const times = states.flatMap((state) => (state === undefined ? [] : [state.modifiedAt]));
    return times.length === 0 ? undefined : Math.max(...times);
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }

  async #read<T>(name: string, read: (file: string) => Promise<T | undefined>): Promise<T | undefined> {
    const state = await stateOf(this.#folder, name);
    if (state === undefined) return undefined;
    const look = `${state.inode}:${state.size}:${state.modifiedAt}`;
    const kept = this.#kept.get(name);
    if (kept?.look === look) return kept.value as T | undefined;
    const value = await read(this.#path(name));
    this.#kept.set(name, { look, value });
    return value;
  }
}

/** The failure with which a console's text ends, as a sentence. */
export function failureOf(text: string): string | undefined {
  const failure = endingFailure(text);
  return failure === undefined ? undefined : describeFailure(failure);
}

function orUndefined<T>(result: Result<T>): T | undefined {
  return result.ok ? result.value : undefined;
}

/** `key: {value: …}`, with `desc` beside it in old files; `wandb_version` and `_wandb` are W&B's own. */
function unwrapConfig(tree: JsonObject): JsonObject {
  const entries = Object.entries(tree).filter(([name]) => name !== '_wandb' && name !== 'wandb_version');
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isObject(value) && 'value' in value ? value['value']! : value]),
  );
}

function readMetadata(object: JsonObject): Metadata {
  const text = (name: string): string | undefined => {
    const value = object[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = object[name];
    return typeof value === 'number' ? value : undefined;
  };
  const { args, git } = object;
  const commit = isObject(git) ? git['commit'] : undefined;
  return present({
    environment: present({
      program: text('program'),
      args: Array.isArray(args) ? args.map(String) : undefined,
      root: text('root'),
      host: text('host'),
      executable: text('executable'),
      commit: typeof commit === 'string' ? commit : undefined,
      gpu: text('gpu'),
      gpuCount: number('gpu_count'),
      startedAt: utcTime(text('startedAt')),
      slurm: slurmVariables(object['slurm']),
    }) as Environment,
    state: text('state'),
    exitCode: number('exitcode'),
    heartbeatAt: utcTime(text('heartbeatAt')),
    name: text('name'),
    notes: text('notes'),
    project: text('project'),
    jobType: text('jobType'),
  }) as Metadata;
}

function slurmVariables(value: Json | undefined): Environment['slurm'] {
  if (value === undefined || !isObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, said]) => [slurmName(name), String(said)]));
}

/** Times without a zone are UTC here (sdk/internal/meta.py writes datetime.utcnow). */
function utcTime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseLocalTime(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

function present(fields: { readonly [name: string]: unknown }): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
