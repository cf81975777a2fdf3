import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { encodeModel, Graph, grad, mul, ParameterPack, reduceSum, type Value } from '../../../../src/graph/index.ts';
import { collectParameters, readingScope } from '../../../../src/nn/scope.ts';
import type { Adaptation } from '../../../../src/recipes/adaptation/adaptation.ts';
import { fixedProducts } from '../../../../src/recipes/adaptation/fixedWeights.ts';
import type { TokenFacts } from '../../../../src/recipes/data.ts';
import { loadOnnxModel } from '../../../../src/recipes/finetune/model.ts';
import { importedLanguageModel, runModel } from '../../../../src/recipes/finetuneLanguage/network.ts';
import { loadModel, type Numbers } from '../../graph/runtime.ts';

interface RecordedModel {
  readonly tokens: Numbers;
  readonly plain: Numbers;
  readonly adapted: Numbers;
  readonly targets: readonly string[];
  readonly gradients: readonly { readonly path: string; readonly down: number[]; readonly up: number[] }[];
}

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/languageModels');
const truth = JSON.parse(readFileSync(path.join(fixtures, 'truth.json'), 'utf8')) as {
  readonly rank: number;
  readonly alpha: number;
  readonly models: { readonly [name: string]: RecordedModel };
};
const vocabulary = { kind: 'tokenizer', size: 40, pad: 0, mask: 1 } as const;
const facts: TokenFacts = { kind: 'tokens', examples: 8, window: 9, vocabulary, weighted: true, classes: 0 };
const open = (name: string) => loadOnnxModel(path.join(fixtures, `${name}.onnx`)).model;

function adaptation(kind: Adaptation['kind'], targets: readonly string[] = []): Adaptation {
  return { kind, rank: truth.rank, alpha: truth.alpha, targets, promptTokens: 3 };
}

/** As record.py fills the factors. */
function formula(count: number, k: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.1 * Math.sin(0.9 * i + 1.3 * k + 0.5));
}

/** A model with adapted parts in a graph of its own: its parameters in one vector, its output, and a vector of their values. */
function build(name: string, how: Adaptation, values?: (index: number, count: number) => Float32Array) {
  const model = open(name);
  const run = (scope: Parameters<typeof runModel>[0], tokens: Value) =>
    runModel(scope, tokens, model, how, facts, 'logits').outputs.get('logits')!;
  const graph = new Graph();
  const specs = collectParameters((scope) => void run(scope, scope.graph.input('tokens', [2, 9], 'int64')));
  const pack = new ParameterPack(graph, 'parameters');
  for (const { name: own, shape, initializer } of specs) pack.declare(own, shape, initializer);
  const tokens = graph.input('tokens', [2, 9], 'int64');
  const output = run(
    readingScope(graph, (own) => pack.get(own)),
    tokens,
  );
  void pack.flat;
  const numbers = pack.initialValues(1);
  pack.layout.forEach(({ offset, size }, i) => {
    if (values !== undefined) numbers.set(values(i, size), offset);
  });
  return { graph, pack, specs, output, feeds: { parameters: { shape: [pack.size], values: numbers } } };
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)));
  assert.ok(worst / scale < 1e-5, `${what}: off by ${worst / scale}`);
}

for (const [name, recorded] of Object.entries(truth.models)) {
  test(`${name}: with changes of low rank, output and gradients are PyTorch's`, async () => {
    const { graph, pack, output, feeds } = build(name, adaptation('lora', recorded.targets), (i, count) =>
      formula(count, i),
    );
    const names = pack.layout.map((slot) => slot.name);
    assert.deepEqual(
      names,
      recorded.gradients.flatMap(({ path: each }) => [`model/${each}.weight/down`, `model/${each}.weight/up`]),
    );
    const weights = Array.from({ length: recorded.adapted.values.length }, (_, i) => Math.cos(i));
    const loss = reduceSum(mul(output, graph.constant(weights, output.shape)), undefined, false);
    const outputs = { output, ...Object.fromEntries(grad(loss, pack.views).map((each, i) => [names[i]!, each])) };
    const result = await (await loadModel(encodeModel(graph, outputs))).run({ ...feeds, tokens: recorded.tokens });
    assertNear(result['output']!.values, recorded.adapted.values, 'output');
    for (const { path: each, down, up } of recorded.gradients) {
      assertNear(result[`model/${each}.weight/down`]!.values, down, `${each} down`);
      assertNear(result[`model/${each}.weight/up`]!.values, up, `${each} up`);
    }
  });

  for (const kind of ['all', 'lora', 'head'] as const) {
    test(`${name}: adapted by ${kind}, it begins as it was in the file`, async () => {
      const { graph, output, feeds, specs } = build(name, adaptation(kind));
      const result = await (await loadModel(encodeModel(graph, { output }))).run({ ...feeds, tokens: recorded.tokens });
      assertNear(result['output']!.values, recorded.plain.values, 'output');
      if (kind === 'head') assert.equal(specs.length, 1);
      if (kind === 'lora') assert.equal(specs.length, 2 * (fixedProducts(open(name)).length - 1));
    });
  }
}

for (const name of ['gpt', 'llama']) {
  test(`${name}: a soft prompt is seen by every token, and nothing but it is learned`, async () => {
    const network = importedLanguageModel(open(name), adaptation('soft-prompt'), facts);
    const specs = collectParameters((scope) => {
      network(scope, scope.graph.input('tokens', [2, 9], 'int64'), {});
    });
    assert.deepEqual(
      specs.map((spec) => [spec.name, spec.shape]),
      [['model/prompt', [3, 24]]],
    );
    const graph = new Graph();
    const prompt = graph.input('prompt', [3, 24]);
    const tokens = graph.input('tokens', [2, 9], 'int64');
    const logits = network(
      readingScope(graph, () => prompt),
      tokens,
      {},
    );
    assert.deepEqual(logits.shape, [2, 9, 40]);
    const model = await loadModel(encodeModel(graph, { logits }));
    const run = async (k: number) =>
      (await model.run({ prompt: { shape: [3, 24], values: formula(72, k) }, tokens: truth.models[name]!.tokens }))[
        'logits'
      ]!.values;
    const [one, other] = [await run(0), await run(1)];
    for (let place = 0; place < 18; place++) {
      const own = Array.from({ length: 40 }, (_, i) => place * 40 + i);
      assert.ok(
        own.some((i) => one[i] !== other[i]),
        `place ${place}`,
      );
    }
  });
}

test('names that no weight has are answered with some that there are', () => {
  assert.throws(() => build('gpt', adaptation('lora', ['q_proj'])), /called like q_proj.*c_attn/);
});
