import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type DType, Graph, grad, mul, reduceSum, type Shape, sizeOf, type Value } from '../../../src/graph/index.ts';
import { attention } from '../../../src/nn/attention.ts';
import { softPrompt } from '../../../src/nn/embeddings.ts';
import { swiGlu } from '../../../src/nn/feedForward.ts';
import { conv1d, loraLinear } from '../../../src/nn/layers.ts';
import { weightedCrossEntropy } from '../../../src/nn/losses.ts';
import { byteNet } from '../../../src/nn/networks/byteNet.ts';
import { languageModel } from '../../../src/nn/networks/languageModel.ts';
import { batchNorm, rmsNorm } from '../../../src/nn/normalization.ts';
import { collectParameters, readingScope, type Scope } from '../../../src/nn/scope.ts';
import { assertClose } from '../graph/gradientCheck.ts';
import { evaluate, type Numbers } from '../graph/runtime.ts';

interface Recorded {
  readonly parameters: readonly string[];
  readonly inputs: { readonly [name: string]: { readonly shape: Shape; readonly values: readonly number[] } };
  readonly output: { readonly shape: Shape; readonly values: readonly number[] };
  readonly gradients: { readonly [name: string]: { readonly shape: Shape; readonly values: readonly number[] } };
}

const file = path.resolve(import.meta.dirname, '../../fixtures/nn/truth.json');
const truth = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: { readonly [name: string]: Recorded } };

type Build = (scope: Scope, input: (name: string) => Value) => Value;

/** The same computations as in test/fixtures/nn/record.py. */
const builds: { readonly [name: string]: Build } = {
  causal_attention: (scope, input) => attention(scope, input('x'), { heads: 2, keyHeads: 1, causal: true }),
  cross_attention: (scope, input) =>
    attention(scope, input('x'), { heads: 2, context: input('context'), visible: input('visible') }),
  rms_norm: (scope, input) => rmsNorm(scope, input('x')),
  batch_norm: (scope, input) => batchNorm(scope, input('x')).y,
  swiglu: (scope, input) => swiGlu(scope, input('x'), 6),
  lora: (scope, input) => loraLinear(scope, input('x'), input('weight'), { rank: 2, alpha: 4 }),
  soft_prompt: (scope, input) => softPrompt(scope, input('x'), 2),
  dilated_convolution: (scope, input) => conv1d(scope, input('x'), 4, { kernel: 5, dilation: 2 }),
  few_classes: (_scope, input) => weightedCrossEntropy(input('logits'), input('targets'), input('weights')),
  many_classes: (_scope, input) => weightedCrossEntropy(input('logits'), input('targets'), input('weights')),
  language_model: (scope, input) =>
    languageModel(scope, input('ids'), { vocabulary: 11, width: 16, layers: 2, heads: 2, hidden: 24, causal: true }),
  byte_net: (scope, input) =>
    byteNet(scope, input('ids'), {
      vocabulary: 7,
      width: 8,
      layers: 3,
      firstKernel: 9,
      kernel: 5,
      dilationCycle: 2,
    }),
};

/** As record.py fills them. */
function formula(count: number, k: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.4 * Math.sin(0.9 * i + 1.3 * k + 0.5));
}

const wholeNumbers: ReadonlySet<string> = new Set(['ids', 'targets']);
const dtypeOf = (name: string): DType => (wholeNumbers.has(name) ? 'int64' : 'float32');

for (const [name, recorded] of Object.entries(truth.cases)) {
  test(`${name}: output and gradients are PyTorch's`, async () => {
    const build = builds[name];
    assert.ok(build !== undefined, `there is no computation named ${name}`);
    const inputOf = (graph: Graph) => (input: string) => {
      const known = graph.inputs.find(({ source }) => source.kind === 'input' && source.name === input);
      return known ?? graph.input(input, recorded.inputs[input]!.shape, dtypeOf(input));
    };
    const specs = collectParameters((scope) => void build(scope, inputOf(scope.graph as Graph)));
    assert.deepEqual(specs.map((spec) => spec.name).toSorted(), [...recorded.parameters].toSorted());
    const graph = new Graph();
    const parameters = new Map(specs.map((spec) => [spec.name, graph.input(spec.name, spec.shape)]));
    const scope = readingScope(graph, (parameter) => parameters.get(parameter)!);
    const output = build(scope, inputOf(graph));
    const cosines = Array.from({ length: sizeOf(output.shape) }, (_, i) => Math.cos(i));
    const loss =
      output.rank === 0 ? output : reduceSum(mul(output, graph.constant(cosines, output.shape)), undefined, false);
    const wanted = Object.keys(recorded.gradients);
    const gradients = grad(
      loss,
      wanted.map((each) => parameters.get(each) ?? inputOf(graph)(each)),
    );
    const feeds: Record<string, Numbers> = { ...recorded.inputs };
    recorded.parameters.forEach((parameter, k) => {
      const { shape } = parameters.get(parameter)!;
      feeds[parameter] = { shape, values: formula(sizeOf(shape), k) };
    });
    const results = await evaluate(
      { output, ...Object.fromEntries(gradients.map((gradient, i) => [`d ${wanted[i]}`, gradient])) },
      feeds,
    );
    assert.deepEqual(output.shape, recorded.output.shape);
    assertClose('output', results['output']!.values, recorded.output.values, 1e-5);
    for (const each of wanted) {
      const { shape, values } = recorded.gradients[each]!;
      assert.deepEqual(results[`d ${each}`]!.shape.map(Number), shape, each);
      assertClose(`gradient of ${each}`, results[`d ${each}`]!.values, values, 1e-5);
    }
  });
}
