import path from 'node:path';
import { parse } from 'yaml';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { ReaderProblem } from '../../domain/records.ts';
import { readSmallText } from '../files/jsonFile.ts';
import { parseYaml } from '../files/yaml.ts';
import { hydraFolder } from './places.ts';

/** What `.hydra` says of a job, as far as it is there and whole. Written before the program begins and never again. */
export interface JobFiles {
  /** `config.yaml`, as written. */
  readonly config: JsonObject | undefined;
  /** The `hydra` node of `hydra.yaml`. */
  readonly hydra: JsonObject;
  readonly overrides: readonly string[];
  /** Absolute paths of the files that are there. */
  readonly files: readonly string[];
  /** The texts together: tells a job that was put into the same folder later. */
  readonly content: string;
  readonly problems: readonly ReaderProblem[];
}

/** Reads `.hydra`. Source of the layout: hydra/core/utils.py, `run_job` and `_save_config`. */
export async function readJobFiles(folder: string): Promise<JobFiles> {
  const texts = await Promise.all(fileNames.map((name) => readSmallText(path.join(folder, hydraFolder, name))));
  const [config, hydra, overrides] = texts.map((text) => (text.ok ? text.value : undefined));
  const problems: ReaderProblem[] = [];
  const tree = (name: string, text: string | undefined): JsonObject | undefined => {
    // An empty configuration is written as `{}`; an empty file is one that is still being written.
    if (text === undefined || text.trim() === '') return undefined;
    const parsed = parseYaml(text, name);
    if (!parsed.ok) problems.push({ file: name, message: parsed.message });
    return parsed.ok ? parsed.value : undefined;
  };
  const settings = objectAt(tree(`${hydraFolder}/hydra.yaml`, hydra && withoutHelp(hydra)), ['hydra']) ?? {};
  return {
    config: tree(`${hydraFolder}/config.yaml`, config),
    hydra: settings,
    overrides: textsIn(overrides) ?? textsOf(valueAt(settings, ['overrides', 'task'])),
    files: fileNames.filter((_, index) => texts[index]!.ok).map((name) => path.join(folder, hydraFolder, name)),
    content: [config, overrides, textAt(settings, ['runtime', 'output_dir'])].join('\0'),
    problems,
  };
}

/**
 * Hydra's settings without the parts that say nothing of a job: more than half of the file is how Hydra prints its help and which plug-ins it has. OmegaConf
 * writes two spaces per level, and continues texts deeper or in empty lines.
 */
function withoutHelp(text: string): string {
  if (!/^hydra:\r?\n {2}\S/.test(text)) return text;
  let isWanted = true;
  const kept = text.split('\n').filter((line) => {
    const [, name] = /^ {0,2}([^\s#'"-][^:]*):/.exec(line) ?? [];
    if (name !== undefined) isWanted = !unwanted.has(name);
    return isWanted;
  });
  return kept.join('\n');
}

const unwanted: ReadonlySet<string> = new Set([
  'help',
  'hydra_help',
  'hydra_logging',
  'launcher',
  'sweeper',
  'callbacks',
  'env',
]);

const fileNames = ['config.yaml', 'hydra.yaml', 'overrides.yaml'] as const;

export function valueAt(tree: JsonObject | undefined, keys: readonly string[]): Json | undefined {
  let node: Json | undefined = tree;
  for (const key of keys) {
    if (node === null || typeof node !== 'object' || Array.isArray(node)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
}

export function objectAt(tree: JsonObject | undefined, keys: readonly string[]): JsonObject | undefined {
  const value = valueAt(tree, keys);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A text that says something: neither empty nor Hydra's mark of a missing value nor an interpolation. */
export function textAt(tree: JsonObject | undefined, keys: readonly string[]): string | undefined {
  const value = valueAt(tree, keys);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' && value !== '???' && !value.includes('${') ? value : undefined;
}

function textsIn(yaml: string | undefined): readonly string[] | undefined {
  try {
    const list: unknown = yaml === undefined ? undefined : parse(yaml, { logLevel: 'silent', schema: 'failsafe' });
    return Array.isArray(list) ? textsOf(list as Json) : undefined;
  } catch {
    return undefined;
  }
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string') : [];
}
