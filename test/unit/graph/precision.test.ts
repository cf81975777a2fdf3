import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bfloat16Bits, bfloat16Value, float16Bits, float16Value } from '../../../src/graph/dtype.ts';
import * as ops from '../../../src/graph/index.ts';
import { type Kernels, kernels } from '../../../src/graph/kernels.ts';
import { nodesBehind } from '../../../src/graph/traverse.ts';
import { evaluate, loadModel, type Numbers } from './runtime.ts';

/** Value i of the k-th tensor of a case, as in test/fixtures/precision/record.py. */
const valueAt = (k: number, i: number) => Math.fround(0.8 * Math.sin(0.9 * i + 1.3 * k + 0.5));

interface Case {
  readonly shapes: readonly ops.Shape[];
  readonly build: (xs: readonly ops.Value[]) => ops.Value;
}

const cases: Readonly<Record<string, Case>> = {
  dense: {
    shapes: [[6, 16], [16, 24], [24], [24, 5]],
    build: ([x, w, b, v]) => ops.matmul(ops.silu(ops.affine(x!, w!, b!)), v!),
  },
  attention: {
    shapes: [
      [2, 7, 16],
      [16, 48],
      [16, 16],
    ],
    build: ([x, w, o]) => {
      const heads = (part: ops.Value) => ops.transpose(ops.reshape(part, [2, 7, 2, 8]), [0, 2, 1, 3]);
      const [q, k, v] = ops.split(ops.matmul(x!, w!), [16, 16, 16], 2).map(heads);
      const scores = ops.matmul(ops.mul(q!, 8 ** -0.5), ops.swapLast(k!));
      const mixed = ops.matmul(ops.softmax(scores, -1), v!);
      return ops.matmul(ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [2, 7, 16]), o!);
    },
  },
  convolution: {
    shapes: [
      [2, 3, 8, 8],
      [8, 3, 3, 3],
      [4, 8, 3, 3],
    ],
    build: ([x, w, v]) => ops.conv(ops.silu(ops.conv(x!, w!, { padding: 1 })), v!, { padding: 1 }),
  },
};

/** Output and gradients of a case, and the loss. */
function derive({ shapes, build }: Case): { readonly results: readonly ops.Value[]; readonly feeds: Feeds } {
  const graph = new ops.Graph();
  const xs = shapes.map((shape, k) => graph.input(`x${k}`, shape));
  const y = build(xs);
  const weights = Float32Array.from({ length: ops.sizeOf(y.shape) }, (_, i) => Math.cos(i));
  const loss = ops.reduceSum(ops.mul(y, graph.constant(weights, y.shape)), undefined, false);
  return { results: [y, ...ops.grad(loss, xs)], feeds: feedsOf(shapes) };
}
type Feeds = Readonly<Record<string, Numbers>>;

function feedsOf(shapes: readonly ops.Shape[]): Feeds {
  const values = (shape: ops.Shape, k: number) => Array.from({ length: ops.sizeOf(shape) }, (_, i) => valueAt(k, i));
  return Object.fromEntries(shapes.map((shape, k) => [`x${k}`, { shape, values: values(shape, k) }]));
}

async function numbersOf(results: readonly ops.Value[], feeds: Feeds): Promise<readonly Float64Array[]> {
  const made = await evaluate(Object.fromEntries(results.map((value, i) => [`y${i}`, value])), feeds);
  return results.map((_, i) => made[`y${i}`]!.values);
}

/** Largest difference, relative to the largest entry. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let [worst, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / scale;
}

interface Recorded {
  readonly values: readonly (readonly number[])[];
  /** How far from float32 these are, and PyTorch's autocast. */
  readonly products: readonly number[];
  readonly autocast: readonly number[];
}
const truth = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../fixtures/precision/truth.json'), 'utf8'),
) as Record<string, Record<ops.HalfType, Recorded>>;

for (const type of ['bfloat16', 'float16'] as const) {
  for (const [name, subject] of Object.entries(cases)) {
    test(`${name} in ${type}: results and gradients are those of PyTorch, and no further from float32 than autocast`, async () => {
      const { results, feeds } = derive(subject);
      const exact = await numbersOf(results, feeds);
      const rounded = await numbersOf(ops.withHalfProducts(results, { type, emulated: true }), feeds);
      const { values, products, autocast } = truth[name]![type];
      for (const [i, each] of rounded.entries()) {
        const apart = distance(each, values[i]!);
        assert.ok(
          apart < 0.5 * products[i]!,
          `result ${i}: ${apart} from PyTorch, which is ${products[i]} from float32`,
        );
        const lost = distance(each, exact[i]!);
        assert.ok(lost < 1.5 * autocast[i]!, `result ${i}: ${lost} from float32, autocast only ${autocast[i]}`);
      }
    });
  }
}

const shortOps: ReadonlySet<string> = new Set([
  ...['MatMul', 'Conv', 'ConvTranspose'],
  ...['Reshape', 'Transpose', 'Expand', 'Slice', 'Concat', 'Split', 'Gather'],
]);

function assertCastPays({ inputs: [from] }: ops.Node): void {
  assert.notEqual(from!.node?.op, 'Cast', 'cast to and fro');
  assert.notEqual(from!.node?.op, 'Gather', 'rounded after it was spread');
}

for (const type of ['bfloat16', 'float16'] as const) {
  test(`a graph in ${type}: products alone compute in it, every factor is rounded once, nothing is rounded twice over`, () => {
    for (const subject of Object.values(cases)) {
      const results = ops.withHalfProducts(derive(subject).results, { type, emulated: false });
      const nodes = nodesBehind(results);
      for (const node of nodes) {
        const short = [...node.inputs, ...node.outputs].some((value) => value.dtype === type);
        const support = (kernels as Record<string, Kernels>)[node.op]?.cuda[type];
        if (short) assert.equal(support, 'yes', `${node.op} has no kernel for ${type}`);
        if (node.op === 'MatMul' || node.op === 'Conv') assert.ok(short, `${node.op} is in float32`);
        if (node.op === 'Cast') assertCastPays(node);
        else if (short) assert.ok(shortOps.has(node.op), `${node.op} is in ${type}`);
      }
      for (const result of results) assert.equal(result.dtype, 'float32');
      const casts = nodes
        .filter((node) => node.op === 'Cast')
        .map((node) => `${node.inputs[0]!.id} ${node.outputs[0]!.dtype}`);
      assert.equal(new Set(casts).size, casts.length, 'the same cast twice');
    }
  });
}

test('rows of a larger table are rounded when they were picked, and the table is not', () => {
  const graph = new ops.Graph();
  const table = graph.input('table', [50, 8]);
  const picked = ops.gather(table, graph.input('ids', [3], 'int64'));
  const [y] = ops.withHalfProducts([ops.matmul(picked, graph.input('w', [8, 4]))], {
    type: 'bfloat16',
    emulated: false,
  });
  const rounded = nodesBehind([y!]).flatMap(({ op, inputs: [from] }) => (op === 'Cast' ? [from!.shape.join()] : []));
  assert.deepEqual(rounded.toSorted(), ['3,4', '3,8', '8,4']);
});

test('ConvTranspose, which has no kernel for bfloat16 on CUDA, stays float32 in it and not in float16', () => {
  for (const [type, wanted] of [
    ['bfloat16', 'float32'],
    ['float16', 'float16'],
  ] as const) {
    const graph = new ops.Graph();
    const y = ops.convTranspose(graph.input('x', [1, 2, 5, 5]), graph.input('w', [2, 3, 3, 3]), { stride: 2 });
    const [z] = ops.withHalfProducts([ops.exp(y)], { type, emulated: false });
    const found = nodesBehind([z!]).find(({ op }) => op === 'ConvTranspose')!;
    assert.equal(found.outputs[0]!.dtype, wanted);
  }
});

test('a product by rounded factors is rounded once more, whichever of its forms is used', async () => {
  const round = {
    bfloat16: (x: number) => bfloat16Value(bfloat16Bits(x)),
    float16: (x: number) => float16Value(float16Bits(x)),
  };
  for (const type of ['bfloat16', 'float16'] as const) {
    const graph = new ops.Graph();
    const [a, b] = [graph.input('x0', [3, 4]), graph.input('x1', [4, 2])];
    const results = ops.withHalfProducts([ops.matmul(a, b), ops.transpose(ops.matmul(a, b), [1, 0])], {
      type,
      emulated: true,
    });
    const [y, turned] = await numbersOf(
      results,
      feedsOf([
        [3, 4],
        [4, 2],
      ]),
    );
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 2; j++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += round[type](valueAt(0, 4 * i + k)) * round[type](valueAt(1, 2 * k + j));
        assert.equal(y![2 * i + j], round[type](Math.fround(sum)));
        assert.equal(turned![3 * j + i], y![2 * i + j]);
      }
    }
  }
});

test('rounded before or after differentiation, gradients are the same', async () => {
  for (const type of ['bfloat16', 'float16'] as const) {
    const { shapes, build } = cases['dense']!;
    const after = ops.withHalfProducts(derive({ shapes, build }).results, { type, emulated: true });
    const first = derive({ shapes, build: (xs) => ops.withHalfProducts([build(xs)], { type, emulated: true })[0]! });
    const [one, other] = [await numbersOf(after, first.feeds), await numbersOf(first.results, first.feeds)];
    // Differentiating a rounding rounds the cotangent, and once more what a product gave already: the same numbers.
    for (const [i, values] of one.entries()) assert.ok(distance(values, other[i]!) < 1e-6, `${type}, result ${i}`);
  }
});

test('derivatives along a direction are rounded too, and other types are left alone', async () => {
  const graph = new ops.Graph();
  const [x, w] = [graph.input('x0', [3, 4]), graph.input('x1', [4, 2])];
  const wide = graph.input('x2', [2, 2], 'float64');
  const y = ops.tanh(ops.matmul(x, w));
  const [slope] = ops.jvp([y], new Map([[x, ops.mul(x, 0.5)]]));
  const [rounded, same] = ops.withHalfProducts([slope!, ops.matmul(wide, wide)], { type: 'bfloat16', emulated: true });
  assert.equal(same!.node!.inputs[0], wide);
  const feeds = feedsOf([
    [3, 4],
    [4, 2],
    [2, 2],
  ]);
  const [exact, made] = [await numbersOf([slope!], feeds), await numbersOf([rounded!], feeds)];
  const apart = distance(made[0]!, exact[0]!);
  assert.ok(apart > 1e-5 && apart < 0.02, `${apart} apart`);
});

/** A convolution, pooled by windows that overlap where `pooled`. */
function pooledConvolution(graph: ops.Graph, pooled: boolean): ops.Value {
  const [x, w] = [graph.input('x0', [2, 3, 8, 8]), graph.input('x1', [4, 3, 3, 3])];
  const convolved = ops.conv(x, w, { padding: 1 });
  return pooled ? ops.maxPool(convolved, 3, { stride: 1, padding: 1 }) : convolved;
}

test('convolutions of bfloat16 make a model of the operator set that first has them, and only they', () => {
  const model = (type: ops.HalfType, pooled: boolean) => {
    const graph = new ops.Graph();
    const [y] = ops.withHalfProducts([pooledConvolution(graph, pooled)], { type, emulated: false });
    return ops.decodeModel(ops.encodeModel(graph, { y: y! }));
  };
  const versions = ({ opsets, irVersion }: ops.OnnxModel) => [opsets[0]!.version, irVersion];
  assert.deepEqual(versions(model('float16', false)), [18, 8]);
  assert.deepEqual(versions(model('bfloat16', false)), [22, 10]);
  assert.deepEqual(versions(model('bfloat16', true)), [18, 8]);
  const [node] = model('bfloat16', false).graph.nodes.filter(({ type }) => type === 'Conv');
  assert.ok(node, 'there is a convolution');
});

test('beside a pooling without a kernel, convolutions of bfloat16 take rounded factors in float32: the numbers are the same', async () => {
  const feeds = feedsOf([
    [2, 3, 8, 8],
    [4, 3, 3, 3],
  ]);
  const of = async (precision: ops.ProductPrecision) => {
    const results = ops.withHalfProducts([pooledConvolution(new ops.Graph(), true)], precision);
    return (await numbersOf(results, feeds))[0]!;
  };
  const held = await of({ type: 'bfloat16', emulated: false });
  assert.deepEqual(held, await of({ type: 'bfloat16', emulated: true }));
});

test('what a device gets with bfloat16 is a valid model: the CPU refuses it for want of kernels alone', async () => {
  const graph = new ops.Graph();
  const [y] = ops.withHalfProducts([pooledConvolution(graph, false)], { type: 'bfloat16', emulated: false });
  await assert.rejects(loadModel(ops.encodeModel(graph, { y: y! })), /Could not find an implementation for Conv\(22\)/);
});
