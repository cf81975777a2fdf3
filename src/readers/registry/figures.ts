import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { parseLocalTime } from '../files/localTime.ts';
import type { ResultFile } from './results.ts';
import type { RegistryEntry } from './snapshot.ts';

/** A number of an experiment. Most tags have one; a history in a result file has many, in its order. */
export interface Figure {
  readonly tag: string;
  readonly step: number;
  readonly wallTime: number;
  readonly value: number;
}

/** Results per sample would be a tag each, and say nothing as metrics; so many numbers are taken. */
const mostTags = 2_000;
const mostFigures = 500_000;
const deepest = 8;

/** What a result file says about how it was made, not about what came out. */
const settingNames: ReadonlySet<string> = new Set([
  'config',
  'args',
  'arguments',
  'hyperparameters',
  'hparams',
  'params',
  'settings',
]);
const surroundings = /^(?:(?:library|package)?_?versions?|env(?:ironment)?|system(?:_info)?|meta(?:data)?|hardware)$/i;
const stepNames = ['step', 'global_step', 'iteration', 'iter', 'epoch'] as const;
const timeNames = ['wall_time', 'timestamp', 'time'] as const;
const historyNames = /histor|loss|curve|log/i;

/**
 * The numbers of the registry's metrics and of the result files: nested names joined by `/`. A list of objects that have a step each is a history, and so is a list
 * of numbers that is called one; other lists stay where they are. Of several result files each gives its name to its tags. A tag that the registry itself has
 * counts before that of a file.
 */
export function figuresOf(
  { experiment }: RegistryEntry,
  files: readonly ResultFile[],
  endedAt: number | undefined,
): readonly Figure[] {
  const collected = new Collected();
  const latest = files.reduce((time, { modifiedAt }) => Math.max(time, modifiedAt), 0);
  collected.add(experiment.metrics, '', endedAt ?? latest);
  for (const file of files) {
    const own = path.basename(file.path, '.json').replace(/[_-]?results?$/i, '');
    collected.add(resultsIn(file.tree), files.length === 1 ? '' : own, endedAt ?? file.modifiedAt);
  }
  return collected.figures;
}

/** How the experiment was configured: what its entry says beyond the fields that every entry has, and what its results say. */
export function configOf({ fields }: RegistryEntry, files: readonly ResultFile[]): JsonObject {
  const own = Object.entries(fields).filter(([key]) => !registryFields.has(key) && !settingNames.has(key));
  const settings = [fields, ...files.map(({ tree }) => tree)].flatMap((tree) =>
    Object.entries(tree).flatMap(([key, value]) => (settingNames.has(key) && isObject(value) ? [value] : [])),
  );
  return Object.assign({}, ...settings, Object.fromEntries(own)) as JsonObject;
}

/** One batch per tag, in the order in which tags appeared. */
export function toBatches(figures: readonly Figure[]): readonly ScalarBatch[] {
  const byTag = new Map<string, Figure[]>();
  for (const figure of figures) {
    const points = byTag.get(figure.tag);
    if (points === undefined) byTag.set(figure.tag, [figure]);
    else points.push(figure);
  }
  return [...byTag].map(([tag, points]) => ({
    tag,
    steps: Float64Array.from(points, ({ step }) => step),
    wallTimes: Float64Array.from(points, ({ wallTime }) => wallTime),
    values: Float64Array.from(points, ({ value }) => value),
  }));
}

/** Fields of an entry as LatentWire's telepathy/experiment_registry.py writes them. */
const registryFields: ReadonlySet<string> = new Set([
  'status',
  'result_file',
  'error_msg',
  'error_category',
  'exit_code',
  'started_at',
  'completed_at',
  'gpu',
  'metrics',
  'marked_for_rerun',
  'rerun_reason',
  'retry_count',
]);

class Collected {
  readonly figures: Figure[] = [];
  /** The tree that each tag came from: the first one that has it keeps it. */
  readonly #owners = new Map<string, object>();

  add(tree: { readonly [key: string]: Json }, name: string, wallTime: number): void {
    this.#object(tree, { name, step: stepOf(tree) ?? 0, wallTime, owner: tree, depth: 0 });
  }

  #object(tree: { readonly [key: string]: Json }, at: Place): void {
    for (const [key, value] of Object.entries(tree)) {
      const place = { ...at, name: at.name === '' ? key : `${at.name}/${key}`, depth: at.depth + 1 };
      if (typeof value === 'number') this.#number(value, place);
      else if (place.depth >= deepest) return;
      else if (Array.isArray(value)) this.#list(value as readonly Json[], place);
      else if (isObject(value)) this.#object(value, place);
    }
  }

  #list(items: readonly Json[], at: Place): void {
    if (items.length > 0 && items.every((item) => isObject(item) && stepOf(item) !== undefined)) {
      for (const item of items as readonly JsonObject[]) this.#row(item, at);
    } else if (items.length > 1 && historyNames.test(at.name) && items.every((item) => typeof item === 'number')) {
      for (const [step, value] of (items as readonly number[]).entries()) this.#number(value, { ...at, step });
    }
  }

  #row(row: JsonObject, at: Place): void {
    const others = Object.entries(row).filter(([key]) => !(stepNames as readonly string[]).includes(key));
    const times = others.filter(([key]) => (timeNames as readonly string[]).includes(key));
    const wallTime = times.map(([, value]) => momentOf(value)).find((time) => time !== undefined) ?? at.wallTime;
    const numbers = others.filter((entry) => !times.includes(entry));
    this.#object(Object.fromEntries(numbers), { ...at, step: stepOf(row) ?? 0, wallTime });
  }

  #number(value: number, { name: tag, step, wallTime, owner }: Place): void {
    const known = this.#owners.get(tag);
    if (known === undefined ? this.#owners.size >= mostTags : known !== owner) return;
    if (this.figures.length >= mostFigures) return;
    this.#owners.set(tag, owner);
    this.figures.push({ tag, step, wallTime, value });
  }
}

interface Place {
  readonly name: string;
  readonly step: number;
  readonly wallTime: number;
  readonly owner: object;
  readonly depth: number;
}

function resultsIn(tree: JsonObject): JsonObject {
  const isResult = ([key, value]: [string, Json]): boolean =>
    !(isObject(value) && (settingNames.has(key) || surroundings.test(key))) &&
    !(timeNames as readonly string[]).includes(key);
  return Object.fromEntries(Object.entries(tree).filter(isResult));
}

function stepOf(tree: { readonly [key: string]: Json }): number | undefined {
  const found = stepNames.map((name) => tree[name]);
  return found.find((value) => typeof value === 'number' && Number.isFinite(value)) as number | undefined;
}

/** A moment of this century, as seconds or as text. */
function momentOf(value: Json): number | undefined {
  if (typeof value === 'string') return parseLocalTime(value);
  return typeof value === 'number' && value > 1e9 && value < 5e9 ? value : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
