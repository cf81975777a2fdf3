// Training steps of every recipe, small, in all the forms that their numbers take: what is looked at where a device must have a kernel for each node.
import path from 'node:path';
import { resolveConfig } from '../../src/domain/config.ts';
import type { DeviceName } from '../../src/domain/device.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { anySteps, encodeModel, Graph, scanModel } from '../../src/graph/index.ts';
import type { ArrayFacts, DataFacts, ImageFacts, TokenFacts } from '../../src/recipes/data.ts';
import { findRecipe } from '../../src/recipes/index.ts';
import type { PrecisionName, Program } from '../../src/recipes/recipe.ts';
import { stepNumbers } from '../../src/trainer/devices/precision.ts';
import { modelOptions } from '../../src/trainer/devices/providers.ts';
import { residentData } from '../../src/trainer/engine/residentData.ts';
import { stepFor } from '../../src/trainer/engine/stepFor.ts';
import { batchInputs, declareParameters, type TrainStep } from '../../src/trainer/engine/trainStep.ts';
import { madeUpSet } from './madeUpSet.ts';

/** A training step and where it came from: "meanflow unet, bf16". */
export interface RecipeStep {
  readonly title: string;
  readonly program: Program;
  readonly facts: DataFacts;
  readonly step: TrainStep;
}

const precisions: readonly PrecisionName[] = ['fp32', 'bf16', 'fp16'];

const images: ImageFacts = { kind: 'images', examples: 12, height: 8, width: 8, channels: 3, classes: 3 };
const unit = { mean: 0, deviation: 1 };
const rows: ArrayFacts = {
  kind: 'arrays',
  examples: 12,
  features: [4],
  targets: [],
  classes: 3,
  featureScales: [unit, unit, unit, unit],
  targetScales: [],
};
const dna = { kind: 'dna', size: 7, pad: 0, mask: 1, unknown: 2 } as const;
const tokens: TokenFacts = { kind: 'tokens', examples: 12, window: 9, vocabulary: dna, weighted: true, classes: 0 };
const fixture = (name: string) => path.resolve(import.meta.dirname, '../fixtures', `${name}.onnx`);
const [gpt, bert, llama] = ['gpt', 'bert', 'llama'].map((name) => fixture(`languageModels/${name}`));
const language = { vocabulary: 'dna', window: 8 };

interface Subject {
  readonly recipe: string;
  readonly title: string;
  readonly facts: DataFacts;
  readonly keys: JsonObject;
}

const subjects: readonly Subject[] = [
  { recipe: 'meanflow', title: 'dit', facts: images, keys: { network: { patch: 4, width: 32, layers: 2 } } },
  { recipe: 'meanflow', title: 'unet', facts: images, keys: { network: { kind: 'unet', width: 16 } } },
  { recipe: 'meanflow', title: 'mlp', facts: images, keys: { network: { kind: 'mlp', width: 16 } } },
  { recipe: 'classifier', title: 'cnn', facts: images, keys: { network: { width: 16 } } },
  { recipe: 'classifier', title: 'mlp', facts: images, keys: { network: { kind: 'mlp', width: 16 } } },
  { recipe: 'finetune', title: 'resnet18', facts: images, keys: { model: fixture('onnx/resnet18') } },
  { recipe: 'tabular', title: 'classes', facts: rows, keys: { network: { width: 16, dropout: 0.1 } } },
  {
    recipe: 'tabular',
    title: 'numbers',
    facts: { ...rows, classes: 0, targets: [1], targetScales: [unit] },
    keys: { task: 'regression', network: { width: 16 } },
  },
  {
    recipe: 'language-model',
    title: 'causal',
    facts: tokens,
    keys: { ...language, network: { width: 16, layers: 1 } },
  },
  {
    recipe: 'language-model',
    title: 'tied, dropout',
    facts: tokens,
    keys: { ...language, network: { width: 16, layers: 1, tied: true, dropout: 0.1 } },
  },
  {
    recipe: 'language-model',
    title: 'bytenet, masked',
    facts: { ...tokens, window: 8 },
    keys: { ...language, task: 'masked', network: { kind: 'bytenet', width: 16, layers: 2 } },
  },
  { recipe: 'finetune-language', title: 'gpt, lora', facts: tokens, keys: { ...language, model: gpt!, adapt: 'lora' } },
  {
    recipe: 'finetune-language',
    title: 'gpt, soft prompt',
    facts: tokens,
    keys: { ...language, model: gpt!, adapt: 'soft-prompt', prompt: { tokens: 4 } },
  },
  {
    recipe: 'finetune-language',
    title: 'llama, all',
    facts: tokens,
    keys: { ...language, model: llama!, adapt: 'all' },
  },
  {
    recipe: 'text-classifier',
    title: 'bert',
    facts: { ...tokens, window: 8, weighted: false, classes: 3, classNames: ['a', 'b', 'c'] },
    keys: { ...language, model: bert!, adapt: 'lora' },
  },
  {
    recipe: 'bridge',
    title: 'gpt to llama',
    facts: { ...tokens, window: 16 },
    keys: { ...language, continuation: 8, sender: gpt!, receiver: llama!, bridge: { tokens: 4, heads: 2 } },
  },
];

/** Settings that change what a step is made of, each on a subject that it concerns. */
const settings: { readonly [title: string]: JsonObject } = {
  accumulate: { accumulate: 2, batchSize: 4 },
  'clipped sgd': { optimizer: { kind: 'sgd', clipNorm: 1 } },
  lion: { optimizer: { kind: 'lion', warmupSteps: 3, schedule: 'cosine' } },
  muon: { optimizer: { kind: 'muon', clipNorm: 1 } },
  deterministic: { deterministic: true },
};
const changed = ['meanflow unet', 'classifier cnn', 'language-model tied, dropout'];

/** Every subject in every precision, and some with every setting; of these the ones whose title is wanted. */
export function* recipeSteps(
  device: DeviceName,
  of: readonly PrecisionName[] = precisions,
  isWanted: (title: string) => boolean = () => true,
): Generator<RecipeStep> {
  for (const subject of subjects) {
    const name = `${subject.recipe} ${subject.title}`;
    for (const precision of of) {
      const forms = changed.includes(name) ? { '': {}, ...settings } : { '': {} };
      for (const [setting, keys] of Object.entries(forms)) {
        const title = [name, precision, setting].filter((part) => part !== '').join(', ');
        if (isWanted(title)) yield recipeStep(device, subject, precision, title, keys);
      }
    }
  }
}

function recipeStep(
  device: DeviceName,
  { recipe: id, facts, keys }: Subject,
  precision: PrecisionName,
  title: string,
  more: JsonObject,
): RecipeStep {
  const recipe = findRecipe(id)!;
  const tree = { data: '/nowhere', batchSize: 4, precision, ...keys, ...more };
  const { config, problems } = resolveConfig(recipe.info.fields, tree);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join(' '));
  const { accumulate, deterministic } = config as { readonly accumulate: number; readonly deterministic: boolean };
  const numbers = stepNumbers({ precision, accumulate, deterministic }, device);
  const program = recipe.build({ ...config, batchSize: (config['batchSize'] as number) / accumulate }, facts);
  const step = stepFor(device, program, facts, numbers);
  return { title, program, facts, step };
}

/** The bytes of a model of any number of steps as the device gets them. */
export function stepModel({ step }: RecipeStep, device: DeviceName): Uint8Array {
  return scanModel(step.scan, anySteps, modelOptions[device]);
}

/** The same with all examples in the model, as a run has it on CUDA where its data fit. */
export function residentStepModel({ step, facts }: RecipeStep, device: DeviceName): Uint8Array {
  const { tables } = residentData(madeUpSet(facts));
  return scanModel(step.scan, anySteps, { ...modelOptions[device], residentRows: { tables, isPartOfModel: true } });
}

/** The bytes of the models by which a program measures itself on data like that of its training, as the device gets them. */
export function evaluationModels({ program, facts }: RecipeStep, device: DeviceName): readonly Uint8Array[] {
  return program.evaluations
    .filter(({ data }) => data !== 'variants')
    .map(({ batchSize, build }) => {
      const graph = new Graph();
      const pack = declareParameters(graph, program, 'average');
      const outputs = build(graph, (name) => pack.get(name), batchInputs(graph, facts, batchSize));
      void pack.flat;
      return encodeModel(graph, outputs, modelOptions[device]);
    });
}
