import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { encodeModel, Graph } from '../../../../src/graph/index.ts';
import { readingScope } from '../../../../src/nn/scope.ts';
import type { TokenFacts } from '../../../../src/recipes/data.ts';
import { readLanguageModelConfig } from '../../../../src/recipes/languageModel/config.ts';
import { languageModel } from '../../../../src/recipes/languageModel/index.ts';
import { languageNetwork } from '../../../../src/recipes/languageModel/network.ts';
import { tasks } from '../../../../src/recipes/languageModel/tasks.ts';
import { randomCounter } from '../../../../src/recipes/recipe.ts';
import { loadModel, type Numbers } from '../../graph/runtime.ts';
import { normals } from '../../nn/networkRun.ts';
import { configure, declareParameters } from '../tinyRun.ts';

const window = 12;
const vocabulary = { kind: 'dna', size: 7, pad: 0, mask: 1, unknown: 2 } as const;
const facts: TokenFacts = { kind: 'tokens', examples: 8, window, vocabulary, weighted: true, classes: 0 };
const networks: readonly JsonObject[] = [
  { kind: 'transformer', width: 16, layers: 2, heads: 2 },
  { kind: 'bytenet', width: 16, layers: 3, dilationCycle: 2 },
];

/** The logits of random weights for tokens of two examples. */
async function logitsOf(tree: JsonObject, places: boolean) {
  const config = configure(languageModel, { window, ...tree });
  const program = languageModel.build(config, facts);
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const tokens = graph.input('tokens', [2, window], 'int64');
  const at = places ? { places: graph.input('places', [2], 'int64') } : {};
  const scope = readingScope(graph, (name) => pack.get(name));
  const logits = languageNetwork(scope, tokens, readLanguageModelConfig(config), facts, at);
  const model = await loadModel(encodeModel(graph, { logits }));
  const noise = normals(pack.size, 7);
  const parameters = { shape: [pack.size], values: pack.initialValues(1).map((value, i) => value + 0.2 * noise[i]!) };
  return async (of: readonly number[], chosen: readonly number[] = []) => {
    const feeds: Record<string, Numbers> = { parameters, tokens: { shape: [2, window], values: of } };
    const result = await model.run(places ? { ...feeds, places: { shape: [2], values: chosen } } : feeds);
    return result['logits']!;
  };
}

const sentence = Array.from({ length: 2 * window }, (_, i) => 3 + ((i * i + 1) % 4));

for (const network of networks) {
  test(`${network['kind']}: a later token changes nothing before it in a causal model, and something in a masked one`, async () => {
    for (const task of ['causal', 'masked']) {
      const run = await logitsOf({ task, network }, false);
      const before = await run(sentence);
      for (const changed of [1, 5, window - 1]) {
        const after = await run(sentence.with(changed, 3 + ((sentence[changed]! - 2) % 4)));
        const sums = Array.from({ length: window }, (_, place) => {
          const own = Array.from({ length: 7 }, (_unused, i) => place * 7 + i);
          return own.some((i) => before.values[i] !== after.values[i]);
        });
        assert.ok(sums[changed], `place ${changed} sees itself`);
        assert.equal(sums.slice(0, changed).some(Boolean), task === 'masked');
        // The other example saw nothing of it.
        assert.deepEqual(after.values.slice(7 * window), before.values.slice(7 * window));
      }
    }
  });

  test(`${network['kind']}: the logits of one place are those that it has among all`, async () => {
    const all = await (await logitsOf({ network }, false))(sentence);
    const some = await (await logitsOf({ network }, true))(sentence, [3, window - 1]);
    assert.deepEqual(some.shape, [2, 1, 7]);
    for (const [row, place] of [3, window - 1].entries()) {
      const from = (row * window + place) * 7;
      some.values.slice(row * 7, row * 7 + 7).forEach((value, i) => {
        assert.ok(Math.abs(value - all.values[from + i]!) < 1e-5);
      });
    }
  });
}

/** What a task makes of a batch. */
async function ask(task: 'causal' | 'masked', tokens: readonly number[], weights: readonly number[], step: number) {
  const length = tokens.length / 8;
  const graph = new Graph();
  const batch = { tokens: graph.input('tokens', [8, length], 'int32'), weights: graph.input('weights', [8, length]) };
  const counter = graph.input('counter', [], 'int64');
  const config = readLanguageModelConfig(configure(languageModel, { task, window }));
  const { seen, targets, weights: counted } = tasks[task].ask(batch, counter, { ...facts, window: length }, config);
  const used = task === 'masked' ? graph.inputs : graph.inputs.filter((input) => input !== counter);
  const model = await loadModel(encodeModel(graph, { seen, targets, counted }, { inputs: used }));
  const result = await model.run({
    tokens: { shape: [8, length], values: tokens },
    weights: { shape: [8, length], values: weights },
    counter: { shape: [], values: [Number(randomCounter(1, step))] },
  });
  return { seen: result['seen']!.values, targets: result['targets']!.values, weights: result['counted']!.values };
}

test('masked: about 15 % of the bases are told, of which 80 % are hidden and 10 % replaced; padding and unknown never', async () => {
  const length = 1000;
  const tokens = Array.from({ length: 8 * length }, (_, i) => (i % 10 === 0 ? 0 : i % 10 === 1 ? 2 : 3 + (i % 4)));
  const given = tokens.map((_, i) => (i % 2 === 0 ? 1 : Math.fround(0.01)));
  const { seen, targets, weights } = await ask('masked', tokens, given, 0);
  assert.deepEqual([...targets], tokens);
  const told = tokens.flatMap((_, i) => (weights[i]! > 0 ? [i] : []));
  assert.ok(
    told.every((i) => tokens[i]! >= 3 && weights[i] === given[i]),
    'weights stay, special tokens are left out',
  );
  const part = (test: (i: number) => boolean) => told.filter(test).length / told.length;
  assert.ok(Math.abs(told.length / (0.8 * tokens.length) - 0.15) < 0.02);
  assert.ok(Math.abs(part((i) => seen[i] === 1) - 0.8) < 0.05);
  // One in four replacements is the base itself.
  assert.ok(Math.abs(part((i) => seen[i] !== 1 && seen[i] !== tokens[i]) - 0.075) < 0.03);
  assert.ok(told.every((i) => seen[i] === 1 || seen[i]! >= 3));
  tokens.forEach((token, i) => {
    if (weights[i] === 0) assert.equal(seen[i], token);
  });
  const again = await ask('masked', tokens, given, 0);
  assert.deepEqual(again, { seen, targets, weights });
  assert.notDeepEqual((await ask('masked', tokens, given, 1)).weights, weights);
});

test('causal: each token is told from those before it, by its own weight', async () => {
  const tokens = Array.from({ length: 8 * 5 }, (_, i) => [3, 4, 2, 5, 0][i % 5]!);
  const given = tokens.map((_, i) => (i % 5) / 8);
  const { seen, targets, weights } = await ask('causal', tokens, given, 0);
  assert.deepEqual([...seen.slice(0, 4)], [3, 4, 2, 5]);
  assert.deepEqual([...targets.slice(0, 4)], [4, 2, 5, 0]);
  assert.deepEqual([...weights.slice(0, 4)], [1 / 8, 0, 3 / 8, 0]);
});

test('figures are means over tokens, not over examples', () => {
  const { summarize } = languageModel.build(configure(languageModel, { window }), facts).evaluations[0]!;
  const perExample = { nats: Float32Array.of(4, 1), right: Float32Array.of(1, 1), weight: Float32Array.of(3, 1) };
  const figures = summarize!(perExample);
  assert.equal(figures['val/loss'], 1.25);
  assert.equal(figures['val/accuracy'], 0.5);
  assert.ok(Math.abs(figures['val/bits']! - 1.25 / Math.LN2) < 1e-12);
  assert.ok(Math.abs(figures['val/perplexity']! - Math.exp(1.25)) < 1e-12);
});

test('an example of a causal model holds one token more than the network sees', () => {
  const lengthOf = (tree: JsonObject) =>
    languageModel
      .dataSets(configure(languageModel, { window, ...tree }))
      .map(({ source }) => (source.kind === 'tokens' ? [source.window, source.stride] : []));
  assert.deepEqual(lengthOf({}), [
    [13, 12],
    [13, 12],
  ]);
  assert.deepEqual(lengthOf({ task: 'masked', stride: 5 }), [
    [12, 5],
    [12, 5],
  ]);
});

test('token by token, a causal transformer gives the logits of the whole text', async () => {
  const config = configure(languageModel, { window, network: networks[0]!, samples: { count: 2, length: window } });
  const program = languageModel.build(config, facts);
  const { samples } = program;
  assert.ok(samples?.kind === 'text' && samples.remembering !== undefined);
  const { state, build } = samples.remembering;
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const inputs = Object.fromEntries(Object.entries(state).map(([name, shape]) => [name, graph.input(name, shape)]));
  const token = graph.input('token', [2], 'int32');
  const place = graph.input('place', [], 'int64');
  const { logits, next } = build(graph, (name) => pack.get(name), token, place, inputs);
  const model = await loadModel(encodeModel(graph, { logits, ...renamed(next) }));
  const noise = normals(pack.size, 7);
  const parameters = { shape: [pack.size], values: pack.initialValues(1).map((value, i) => value + 0.2 * noise[i]!) };
  const whole = await (await logitsOf({ network: networks[0]! }, false))(sentence);
  let memory: Record<string, Numbers> = Object.fromEntries(
    // What stands behind the place must not be seen, so it may hold anything.
    Object.entries(state).map(([name, shape]) => [
      name,
      { shape, values: new Array<number>(shape.reduce((a, b) => a * b)).fill(9) },
    ]),
  );
  for (let at = 0; at < window; at++) {
    const values = [sentence[at]!, sentence[window + at]!];
    const result = await model.run({
      parameters,
      token: { shape: [2], values },
      place: { shape: [], values: [at] },
      ...memory,
    });
    memory = Object.fromEntries(Object.keys(state).map((name) => [name, result[`next:${name}`]!]));
    result['logits']!.values.forEach((value, i) => {
      const expected = whole.values[(Math.floor(i / 7) * window + at) * 7 + (i % 7)]!;
      assert.ok(Math.abs(value - expected) < 1e-4, `place ${at}, logit ${i}: ${value} and ${expected}`);
    });
  }
});

function renamed<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`next:${name}`, value]));
}
