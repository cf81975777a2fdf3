import assert from 'node:assert/strict';
import { resolveConfig } from '../../../src/domain/config.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { type DType, Graph, mul, ParameterPack, scanModel, sub, type Value } from '../../../src/graph/index.ts';
import { type ImageFacts, type Program, type Recipe, randomCounter } from '../../../src/recipes/recipe.ts';
import { loadModel } from '../graph/runtime.ts';

export const tinyFacts: ImageFacts = { kind: 'images', examples: 12, height: 8, width: 8, channels: 1, classes: 3 };

/** The configuration of a recipe from some of its keys; fails the test where it has problems. */
export function configure(recipe: Recipe, tree: JsonObject): JsonObject {
  const { config, problems } = resolveConfig(recipe.info.fields, { data: '/nowhere', ...tree });
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join(' '));
  return config;
}

/** Twelve images of three classes: a bright bar at the top, in the middle or at the bottom, at four places each. */
export function tinyImages(): { images: number[]; labels: number[] } {
  const images: number[] = [];
  const labels: number[] = [];
  for (let example = 0; example < tinyFacts.examples; example++) {
    const label = example % 3;
    labels.push(label);
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) images.push(Math.floor(y / 3) === label && x >= Math.floor(example / 3) ? 255 : 0);
    }
  }
  return { images, labels };
}

/** Tensors of a batch by name. */
export type TinyExamples = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly dtype: DType; readonly values: readonly number[] }>
>;

function tinyExamples(): TinyExamples {
  const { images, labels } = tinyImages();
  return {
    images: { shape: [12, 8, 8, 1], dtype: 'uint8', values: images },
    labels: { shape: [12], dtype: 'int64', values: labels },
  };
}

/** The flat parameters of a program in a graph, all declared. */
export function declareParameters(graph: Graph, program: Program): ParameterPack {
  const pack = new ParameterPack(graph, 'parameters');
  for (const { name, shape, initializer } of program.parameters) pack.declare(name, shape, initializer);
  assert.equal(pack.flat.shape[0], pack.size);
  return pack;
}

/**
 * Plain gradient descent with every example in every batch. Gives the per-step outputs (`loss` and the metrics), each over all steps.
 * With `sameNoise`, every step draws the same random numbers, so that the loss must fall.
 */
export async function descend(
  program: Program,
  { steps, rate, sameNoise = false, seed = 1 }: DescentOptions,
  examples: TinyExamples = tinyExamples(),
) {
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const batch = Object.fromEntries(
    Object.entries(examples).map(([name, { shape, dtype }]) => [name, graph.input(name, shape, dtype)]),
  );
  const counter = graph.input('counter', [], 'int64');
  const { loss, metrics } = program.step({ graph, parameters: (name) => pack.get(name), batch, counter });
  const next = sub(pack.flat, mul(pack.gradient(loss), rate));
  const model = scanModel(
    {
      graph,
      state: [{ name: 'parameters', input: pack.flat, next }],
      sequence: [{ name: 'counter', input: counter }],
      constants: Object.entries(batch).map(([name, input]) => ({ name, input })),
      perStep: { loss, ...metrics } as Record<string, Value>,
    },
    steps,
  );
  const session = await loadModel(model);
  const counters = Array.from({ length: steps }, (_, step) => Number(randomCounter(seed, sameNoise ? 0 : step)));
  const results = await session.run({
    parameters: { shape: [pack.size], values: pack.initialValues(seed) },
    counter: { shape: [steps], values: counters },
    ...examples,
  });
  return Object.fromEntries(Object.entries(results).map(([name, { values }]) => [name, values]));
}

export interface DescentOptions {
  readonly steps: number;
  readonly rate: number;
  readonly sameNoise?: boolean;
  readonly seed?: number;
}
