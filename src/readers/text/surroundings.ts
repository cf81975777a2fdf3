import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { ConsoleLog, RunFacts } from '../../domain/records.ts';
import { readdir, stat } from '../files/disk.ts';
import { readSmallText } from '../files/jsonFile.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { parseYaml } from '../files/yaml.ts';

/** Names of files and folders that say more about a log in the same folder. */
export interface SurroundingNames {
  /** The first of them becomes the configuration; further ones stand in it under their own names. */
  readonly configs: readonly string[];
  readonly consoles?: readonly string[];
  readonly outputs?: readonly string[];
}

/** What people and loggers commonly put beside a log. */
export const commonNames: Required<SurroundingNames> = {
  configs: [
    'hparams.yaml',
    'params.json',
    'args.yaml',
    'args.json',
    'config.yaml',
    'config.yml',
    'config.json',
    'hparams.json',
    'opt.yaml',
    'hyp.yaml',
    'variant.json',
    'params.yaml',
    'training_args.json',
  ],
  consoles: ['log.txt', 'output.log', 'stdout.log', 'console.log', 'train.log'],
  outputs: ['checkpoints', 'weights', 'ckpts', 'ckpt', 'models', 'artifacts'],
};

const mostConfigs = 4;

/** Follows the files beside a log. A folder is listed again only when a name in it came or went, a file read again only when it changed. */
export class Surroundings {
  readonly #folder: string;
  readonly #names: SurroundingNames;
  readonly #own: string;
  #look = '';
  #present: readonly string[] = [];
  readonly #trees = new Map<string, { readonly look: string; readonly tree: JsonObject | undefined }>();

  /** `own` is the log itself, which is nobody's console. */
  constructor(folder: string, own: string, names: SurroundingNames = commonNames) {
    this.#folder = folder;
    this.#own = own;
    this.#names = names;
  }

  /** Configuration, console logs and outputs, as far as there are any. */
  async facts(): Promise<RunFacts> {
    await this.#list();
    const { configs, consoles = [], outputs = [] } = this.#names;
    const trees = await this.#readConfigs(configs.filter((name) => this.#present.includes(name)).slice(0, mostConfigs));
    const [first, ...further] = trees;
    const besides = Object.fromEntries(further.map(({ name, tree }) => [path.parse(name).name, tree]));
    const found = (names: readonly string[]) =>
      names
        .filter((name) => name !== this.#own && this.#present.includes(name))
        .map((name) => path.join(this.#folder, name));
    const logs = found(consoles).map((file): ConsoleLog => ({ title: path.basename(file), file, encoding: 'text' }));
    const made = found(outputs);
    return {
      ...(first === undefined ? {} : { config: { ...besides, ...first.tree } }),
      ...(trees.length === 0 ? {} : { configFiles: trees.map(({ name }) => path.join(this.#folder, name)) }),
      ...(logs.length === 0 ? {} : { console: logs }),
      ...(made.length === 0 ? {} : { outputs: made }),
    };
  }

  async #list(): Promise<void> {
    const look = await lookOf(this.#folder);
    if (look === this.#look) return;
    this.#present = await readdir(this.#folder).catch(() => []);
    this.#look = look;
  }

  async #readConfigs(names: readonly string[]): Promise<readonly { name: string; tree: JsonObject }[]> {
    const read = await Promise.all(names.map(async (name) => ({ name, tree: await this.#tree(name) })));
    return read.flatMap(({ name, tree }) => (tree === undefined ? [] : [{ name, tree }]));
  }

  async #tree(name: string): Promise<JsonObject | undefined> {
    const file = path.join(this.#folder, name);
    const look = await lookOf(file);
    const known = this.#trees.get(name);
    if (known?.look === look) return known.tree;
    const text = await readSmallText(file);
    const tree = text.ok ? parseTree(text.value, name) : undefined;
    // Half a file is read again when it has changed; what was known of it holds until then.
    this.#trees.set(name, { look, tree: tree ?? known?.tree });
    return tree ?? known?.tree;
  }
}

/** The tree of a JSON or YAML file by its name; undefined where the text holds none. */
export function parseTree(text: string, name: string): JsonObject | undefined {
  if (!name.endsWith('.json')) {
    const tree = parseYaml(text, name);
    return tree.ok ? tree.value : undefined;
  }
  try {
    const tree = parsePythonJson(text);
    return tree !== null && typeof tree === 'object' && !Array.isArray(tree) ? (tree as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** A text that changes when the file or folder does; empty where there is none. */
export async function lookOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file);
    return `${ino}:${size}:${mtimeNs}`;
  } catch {
    return '';
  }
}
