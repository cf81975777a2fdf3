import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  encodeModel,
  Graph,
  grad,
  importModel,
  mul,
  type OnnxModel,
  ParameterPack,
  reduceSum,
  type Value,
} from '../../../../src/graph/index.ts';
import { collectParameters, readingScope, type Scope } from '../../../../src/nn/scope.ts';
import type { Adaptation } from '../../../../src/recipes/adaptation/adaptation.ts';
import { lowRank } from '../../../../src/recipes/adaptation/lowRank.ts';
import { rewrittenModel } from '../../../../src/recipes/adaptation/rewrite.ts';
import { loadOnnxModel } from '../../../../src/recipes/finetune/model.ts';
import { loadModel, type Numbers } from '../../graph/runtime.ts';

type Gradients = Readonly<Record<'down' | 'up' | 'magnitude', readonly number[]>> & { readonly path: string };

interface Recorded {
  readonly adapted: Numbers;
  readonly gradients: readonly Gradients[];
}

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/languageModels');
const read = (name: string) => JSON.parse(readFileSync(path.join(fixtures, name), 'utf8'));
const truth = read('adaptations.json') as {
  readonly dora: Readonly<Record<string, Recorded>>;
  readonly images: Readonly<Record<'lora' | 'dora', Recorded>>;
};
const models = (
  read('truth.json') as {
    readonly models: Readonly<Record<string, { readonly tokens: Numbers; readonly targets: readonly string[] }>>;
  }
).models;

/** As the scripts fill a factor; a magnitude begins as it is in the file and is changed by a part of itself. */
function filled(name: string, i: number, k: number, beginning: number): number {
  const value = 0.1 * Math.sin(0.9 * i + 1.3 * k + 0.5);
  return name.endsWith('/magnitude') ? beginning * (1 + value) : value;
}

interface Case {
  readonly model: OnnxModel;
  readonly how: Adaptation;
  readonly input: { readonly name: string; readonly numbers: Numbers; readonly dtype: 'int64' | 'float32' };
  readonly others?: (graph: Graph) => Record<string, Value>;
  readonly recorded: Recorded;
}

async function assertAsRecorded({ model, how, input, others = () => ({}), recorded }: Case): Promise<void> {
  const graph = new Graph();
  const build = (scope: Scope, x: Value, rest: Record<string, Value>) =>
    importModel(model, { inputs: { [input.name]: x, ...rest }, ...lowRank(scope, model, how) }).outputs.get('logits')!;
  const specs = collectParameters((scope) => {
    const own = scope.graph as Graph;
    build(scope, own.input('x', input.numbers.shape, input.dtype), others(own));
  });
  const pack = new ParameterPack(graph, 'parameters');
  for (const { name, shape, initializer } of specs) pack.declare(name, shape, initializer);
  const x = graph.input('x', input.numbers.shape, input.dtype);
  const output = build(
    readingScope(graph, (own) => pack.get(own)),
    x,
    others(graph),
  );
  void pack.flat;
  const values = pack.initialValues(1);
  pack.layout.forEach(({ name, offset, size }, k) => {
    for (let i = 0; i < size; i++) values[offset + i] = filled(name, i, k, values[offset + i]!);
  });
  const weights = Array.from({ length: recorded.adapted.values.length }, (_, i) => Math.cos(i));
  const loss = reduceSum(mul(output, graph.constant(weights, output.shape)), undefined, false);
  const names = pack.layout.map(({ name }) => name);
  const outputs = { output, ...Object.fromEntries(grad(loss, pack.views).map((each, i) => [names[i]!, each])) };
  const parameters = { shape: [pack.size], values };
  const result = await (await loadModel(encodeModel(graph, outputs))).run({ x: input.numbers, parameters });
  assertNear(result['output']!.values, recorded.adapted.values, 'output');
  const wanted = recorded.gradients.flatMap(({ path: layer, ...parts }) =>
    Object.entries(parts).map(([part, gradient]) => [`${layer}.weight/${part}`, gradient] as const),
  );
  assert.deepEqual(
    names,
    wanted.map(([name]) => name),
  );
  for (const [name, gradient] of wanted) assertNear(result[name]!.values, gradient, name);

  const learned = new Map(pack.layout.map(({ name, offset, size }) => [name, values.subarray(offset, offset + size)]));
  const merged = rewrittenModel(model, how, input.name, (name) => learned.get(name));
  const plain = new Graph();
  const given = plain.input('x', input.numbers.shape, input.dtype);
  const { outputs: own } = importModel(merged, { inputs: { [input.name]: given, ...others(plain) } });
  const again = await (await loadModel(encodeModel(plain, { output: own.get('logits')! }))).run({ x: input.numbers });
  assertNear(again['output']!.values, recorded.adapted.values, 'output of the file with what was learned in it');
}

function assertNear(actual: ArrayLike<number>, expected: readonly number[] | ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)));
  assert.ok(worst / scale < 1e-5, `${what}: off by ${worst / scale}`);
}

const rank = { rank: 2, alpha: 4, promptTokens: 0 };

for (const [name, recorded] of Object.entries(truth.dora)) {
  test(`${name}: with DoRA, output and gradients are PyTorch's`, async () => {
    const { tokens, targets } = models[name]!;
    const seen = (graph: Graph): Record<string, Value> =>
      name === 'bert' ? { attention_mask: graph.constant(new Array<number>(18).fill(1), [2, 9], 'int64') } : {};
    await assertAsRecorded({
      model: loadOnnxModel(path.join(fixtures, `${name}.onnx`)).model,
      how: { kind: 'dora', targets, ...rank },
      input: { name: 'input_ids', numbers: tokens, dtype: 'int64' },
      others: seen,
      recorded,
    });
  });
}

for (const kind of ['lora', 'dora'] as const) {
  test(`convolutions and dense layers with ${kind}: output and gradients are PyTorch's, and the last layer stays`, async () => {
    const values = Array.from({ length: 384 }, (_, i) => Math.sin(i));
    await assertAsRecorded({
      model: loadOnnxModel(path.join(fixtures, 'images.onnx')).model,
      how: { kind, targets: [], ...rank },
      input: { name: 'images', numbers: { shape: [2, 3, 8, 8], values }, dtype: 'float32' },
      recorded: truth.images[kind],
    });
  });
}
