import { mostListedTensors } from '../../../domain/checkpoint.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { Contents } from '../contents.ts';
import { PickleDict, PickleObject, PickleSet, type PickleValue } from '../pickle/values.ts';
import { type FoundTensor, findTensors, keyText, tensorOf } from './tensors.ts';
import { configTree, numberOf, textOf } from './tree.ts';

/** Keys under which training programs save their configuration; Lightning's first. */
const configKeys: readonly string[] = [
  'hyper_parameters',
  'config',
  'cfg',
  'args',
  'hparams',
  'hyperparameters',
  'options',
  'opt',
  'model_args',
  'model_config',
  'train_config',
  'kwargs',
];

/** Keys of counters, the most trusted first; a key may be that of a counter in one program and of something else in another, so only whole numbers count. */
const stepKeys: readonly string[] = [
  'global_step',
  'step',
  'steps',
  'iter_num',
  'iteration',
  'iterations',
  'iter',
  'global_steps',
  'train_step',
  'current_step',
  'n_iter',
  'it',
];
const epochKeys: readonly string[] = ['epoch', 'current_epoch', 'cur_epoch', 'epochs', 'epoch_num'];

/** A saved number of such a name is a figure of merit. */
const metricName =
  /loss|acc|metric|score|psnr|ssim|fid|auc|f1|bleu|rouge|perplexity|ppl|reward|error|best|iou|dice|mse|mae/i;

/** Sections that hold no weights of the model. */
const otherSection = /optim|sched|scaler|rng|callback|loops?$|ema|average|swa|sampler|state_of_data|dataloader/i;

/** What the value that a PyTorch file holds tells of itself. */
export function describeTorchValue(value: PickleValue, cut: string | undefined): Contents {
  const found = findTensors(value);
  const entries = entriesOf(value);
  const isBare = isStateDict(value);
  const sections =
    isBare || entries.size === 0 ? sectionsOf(found, () => 'model') : sectionsOf(found, (path) => path[0] ?? 'model');
  const config = configOf(entries);
  const step = counter(entries, stepKeys);
  const epoch = counter(entries, epochKeys);
  return {
    ...(step === undefined ? {} : { step }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(config === undefined ? {} : { config }),
    metrics: isBare ? {} : metricsOf(entries),
    versions: isBare ? {} : versionsOf(entries),
    sections: sections.map(({ name, tensors, elements }) => ({ name, tensors, elements })),
    parameters: sections
      .filter(({ name }) => sections.length === 1 || !otherSection.test(name))
      .reduce((sum, { elements }) => sum + elements, 0),
    tensors: found
      .slice(0, mostListedTensors)
      .map(({ path, tensor: { dtype, shape } }) => ({ name: path.join('.'), dtype, shape })),
    tensorCount: found.length,
    about: about(value, entries),
    notes: [...notesOf(value, isBare), ...(cut === undefined ? [] : [`Only a part of it could be read: ${cut}`])],
  };
}

/** The entries of a dictionary, also of one of another class. */
function entriesOf(value: PickleValue): ReadonlyMap<string, PickleValue> {
  const dict = value instanceof PickleObject ? value.dict : value;
  if (!(dict instanceof PickleDict)) return new Map();
  return new Map(dict.keys.map((key, index) => [keyText(key), dict.values[index]!]));
}

/** A dictionary that holds nothing but tensors. */
function isStateDict(value: PickleValue): boolean {
  const entries = [...entriesOf(value).values()];
  return entries.length > 0 && entries.every((entry) => tensorOf(entry) !== undefined);
}

function sectionsOf(
  found: readonly FoundTensor[],
  nameOf: (path: readonly string[]) => string,
): readonly { readonly name: string; tensors: number; elements: number }[] {
  const sections = new Map<string, { readonly name: string; tensors: number; elements: number; seen: Set<string> }>();
  for (const { path, tensor } of found) {
    const name = nameOf(path);
    const section = sections.get(name) ?? { name, tensors: 0, elements: 0, seen: new Set<string>() };
    sections.set(name, section);
    section.tensors++;
    if (tensor.storage !== '' && section.seen.has(tensor.storage)) continue;
    section.seen.add(tensor.storage);
    section.elements += tensor.shape.reduce((product, size) => product * size, 1);
  }
  return [...sections.values()];
}

/** One tree; where a program saved several configurations, each stands under its key. */
function configOf(entries: ReadonlyMap<string, PickleValue>): JsonObject | undefined {
  const trees = configKeys.flatMap((key): [string, JsonObject][] => {
    const value = entries.get(key);
    const tree = value === undefined ? undefined : configTree(value);
    return tree === undefined || Object.keys(tree).length === 0 ? [] : [[key, tree]];
  });
  if (trees.length === 0) return undefined;
  return trees.length === 1 ? trees[0]![1] : Object.fromEntries(trees);
}

function counter(entries: ReadonlyMap<string, PickleValue>, keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const value = numberOf(entries.get(key));
    if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  }
  return undefined;
}

function metricsOf(entries: ReadonlyMap<string, PickleValue>): { readonly [name: string]: number } {
  const metrics: [string, number][] = [];
  for (const [key, value] of entries) {
    const number = metricName.test(key) && !/epoch|step|iter/i.test(key) ? numberOf(value) : undefined;
    if (number !== undefined) metrics.push([key, number]);
  }
  return Object.fromEntries(metrics);
}

function versionsOf(entries: ReadonlyMap<string, PickleValue>): { readonly [library: string]: string } {
  const versions: [string, string][] = [];
  for (const [key, value] of entries) {
    const library = /^(.*?)[-_]?version$/i.exec(key)?.[1];
    const text = textOf(value);
    if (library && text !== undefined) versions.push([library.replace(/^__|__$/g, ''), text]);
  }
  return Object.fromEntries(versions);
}

/** Short texts at the top: the name of the architecture, of the run, of the best checkpoint's metric. */
function about(value: PickleValue, entries: ReadonlyMap<string, PickleValue>): { readonly [name: string]: string } {
  const texts: [string, string][] = [];
  for (const [key, entry] of entries) {
    const text = textOf(entry);
    if (text !== undefined && text.length <= 200 && !/version$/i.test(key)) texts.push([key, text]);
  }
  if (entries.size > 0) texts.push(['keys', [...entries.keys()].slice(0, 40).join(', ')]);
  if (isWholeObject(value)) texts.push(['class', value.path]);
  return Object.fromEntries(texts);
}

function notesOf(value: PickleValue, isBare: boolean): readonly string[] {
  if (isBare) return ['It holds the weights alone (a state_dict).'];
  const tensor = tensorOf(value);
  if (tensor !== undefined) return ['It holds a single tensor.'];
  if (Array.isArray(value) || value instanceof PickleSet) return ['It holds a list.'];
  if (isWholeObject(value) && !value.path.startsWith(scriptPrefix))
    return [`It holds a whole object of the class ${value.path}, which only the program that has this class can load.`];
  return [];
}

/** Classes of TorchScript, whose code lies in the same archive. */
const scriptPrefix = '__torch__.';

/** An object of a class that is no dictionary and no tensor. */
function isWholeObject(value: PickleValue): value is PickleObject {
  return (
    value instanceof PickleObject && value.dict === undefined && value.path !== '' && tensorOf(value) === undefined
  );
}
