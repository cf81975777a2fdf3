import { test } from 'node:test';
import {
  add,
  Graph,
  grad,
  matmul,
  mul,
  reduceSum,
  seededRandom,
  softmax,
  swapLast,
  type Value,
} from '../../../src/graph/index.ts';
import { attend, attendCausally } from '../../../src/nn/attention.ts';
import { assertClose } from '../graph/gradientCheck.ts';
import { evaluate } from '../graph/runtime.ts';

/** Tokens that make three blocks of different sizes. */
const tokens = 200;
const shape = [2, 2, tokens, 4];

test('causal attention in blocks gives values and gradients of attention with a whole mask, also with padding', async () => {
  const graph = new Graph();
  const [queries, keys, values, weights] = ['q', 'k', 'v', 'w'].map((name) => graph.input(name, shape));
  const hidden = graph.input('hidden', [2, 1, 1, tokens]);
  const triangle = graph.constant(
    Array.from({ length: tokens * tokens }, (_, at) => (at % tokens > Math.floor(at / tokens) ? -1e9 : 0)),
    [tokens, tokens],
  );
  const inBlocks = attendCausally(queries!, keys!, values!, hidden);
  const whole = attend(queries!, keys!, values!, add(triangle, hidden));
  const gradients = [inBlocks, whole].map((y) =>
    grad(reduceSum(mul(y, weights!), undefined, false), [queries!, keys!, values!]),
  );
  const outputs = { inBlocks, whole, ...named('blocks', gradients[0]!), ...named('whole', gradients[1]!) };
  const found = await evaluate(outputs, {
    ...Object.fromEntries(
      ['q', 'k', 'v', 'w'].map((name, i) => [name, { shape, values: normals(2 * 2 * tokens * 4, i) }]),
    ),
    hidden: {
      shape: [2, 1, 1, tokens],
      values: Array.from({ length: 2 * tokens }, (_, i) => (i % 7 === 3 ? -1e9 : 0)),
    },
  });
  assertClose('attention', found['inBlocks']!.values, found['whole']!.values, 1e-6);
  for (const i of [0, 1, 2])
    assertClose(`gradient ${i}`, found[`blocks${i}`]!.values, found[`whole${i}`]!.values, 1e-5);
});

test('the gradient of attention along short rows is that of the softmax alone', async () => {
  const graph = new Graph();
  const scores = graph.input('s', [3, 5, 16]);
  const values = graph.input('v', [3, 16, 4]);
  const weights = graph.input('w', [3, 5, 4]);
  const loss = (probabilities = softmax(scores, -1)) =>
    reduceSum(mul(matmul(probabilities, values), weights), undefined, false);
  const [through] = grad(loss(), [scores]);
  // Σ y·(d − Σ d·y), written out with d = w·vᵀ.
  const y = softmax(scores, -1);
  const d = matmul(weights, swapLast(values));
  const weighted = mul(d, y);
  const expected = add(weighted, mul(mul(y, reduceSum(weighted, [-1])), -1));
  const found = await evaluate(
    { through: through!, expected },
    {
      s: { shape: [3, 5, 16], values: normals(240, 5) },
      v: { shape: [3, 16, 4], values: normals(192, 6) },
      w: { shape: [3, 5, 4], values: normals(60, 7) },
    },
  );
  assertClose('gradient', found['through']!.values, found['expected']!.values, 1e-6);
});

function named(prefix: string, values: readonly Value[]) {
  return Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));
}

function normals(count: number, seed: number): Float64Array {
  const random = seededRandom(seed + 1);
  return Float64Array.from({ length: count }, random.normal);
}
