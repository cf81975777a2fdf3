import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { loadModel, type Numbers } from './runtime.ts';

/** ONNX Runtime may lack these operators elsewhere, so models for other processors are written without them (src/trainer/devices/providers.ts). */
const skip = process.arch === 'x64' ? false : 'only for x64 processors';

interface Case {
  readonly x: ops.Shape;
  readonly w: ops.Shape;
  readonly options: ops.ConvOptions;
}

const suited: Readonly<Record<string, Case>> = {
  '3×3': { x: [2, 16, 16, 16], w: [32, 16, 3, 3], options: { padding: 1 } },
  'in steps of two': { x: [1, 32, 32, 34], w: [16, 32, 3, 3], options: { padding: 1, stride: 2 } },
  'with gaps, without a border': { x: [1, 16, 21, 20], w: [16, 16, 3, 3], options: { dilation: 2 } },
  'uneven sides of a long kernel': {
    x: [2, 16, 16, 18],
    w: [16, 16, 2, 5],
    options: {
      padding: [
        [1, 0],
        [0, 3],
      ],
    },
  },
};

const unsuited: Readonly<Record<string, Case>> = {
  'few places': { x: [2, 16, 8, 8], w: [16, 16, 3, 3], options: { padding: 1 } },
  'channels that are no blocks': { x: [1, 12, 16, 16], w: [16, 12, 3, 3], options: { padding: 1 } },
  'one tap': { x: [1, 16, 16, 16], w: [16, 16, 1, 1], options: {} },
  groups: { x: [1, 32, 16, 16], w: [32, 16, 3, 3], options: { padding: 1, groups: 2 } },
  'one axis': { x: [1, 16, 512], w: [16, 16, 3], options: { padding: 1 } },
};

/** A convolution with a bias, its gradients, and a second use of its image and of its weights. */
function build({ x: xShape, w: wShape, options }: Case): { readonly outputs: Outputs; readonly feeds: Feeds } {
  const graph = new ops.Graph();
  const [x, w] = [graph.input('x', xShape), graph.input('w', wShape)];
  const bias = graph.input('bias', [wShape[0]!]);
  const y = ops.conv(x, w, { ...options, bias });
  const dy = graph.input('dy', y.shape);
  const [dx, dw, dBias] = ops.grad(ops.reduceSum(ops.mul(y, dy), undefined, false), [x, w, bias]);
  const outputs = {
    y,
    dx: dx!,
    dw: dw!,
    dBias: dBias!,
    sameWeights: ops.conv(ops.tanh(x), w, options),
    sameImage: ops.conv(x, ops.tanh(w), options),
  };
  const random = ops.seededRandom(11);
  const values = ({ shape }: ops.Value) => ({
    shape,
    values: Array.from({ length: ops.sizeOf(shape) }, random.normal),
  });
  return { outputs, feeds: { x: values(x), w: values(w), bias: values(bias), dy: values(dy) } };
}
type Outputs = Readonly<Record<string, ops.Value>>;
type Feeds = Readonly<Record<string, Numbers>>;

const bytesOf = (outputs: Outputs, blockedConvolutions: boolean) =>
  ops.encodeModel(outputs['y']!.graph, outputs, { blockedConvolutions });

/** Convolutions on blocks. */
function countBlocked(bytes: Uint8Array): number {
  const { nodes } = ops.decodeModel(bytes).graph;
  return nodes.filter(({ type, domain }) => type === 'Conv' && domain === 'com.microsoft.nchwc').length;
}

function assertNear(actual: Results, expected: Results, what: string): void {
  for (const [name, { shape, values }] of Object.entries(expected)) {
    assert.deepEqual(actual[name]!.shape, shape, `${what}: ${name}`);
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[name]!.values[i]!)), 0);
    assert.ok(scale > 0 && worst <= 1e-5 * scale, `${what}: ${name} is off by ${worst} of ${scale}`);
  }
}
type Results = Readonly<Record<string, { readonly shape: ops.Shape; readonly values: Float64Array }>>;

test('convolutions on blocks give the same numbers, and the same bits every time', { skip }, async () => {
  for (const [name, each] of Object.entries(suited)) {
    const { outputs, feeds } = build(each);
    const plain = await loadModel(bytesOf(outputs, false));
    const bytes = bytesOf(outputs, true);
    assert.ok(countBlocked(bytes) >= 3, `${name}: ${countBlocked(bytes)} convolutions on blocks`);
    const blocked = await loadModel(bytes);
    const results = await blocked.run(feeds);
    assertNear(results, await plain.run(feeds), name);
    const again = await blocked.run(feeds);
    for (const key of Object.keys(outputs)) assert.deepEqual(again[key]!.bytes, results[key]!.bytes, `${name}: ${key}`);
  }
});

test('weights and images that several convolutions share are brought into blocks once', () => {
  const { outputs } = build(suited['3×3']!);
  const { y, sameWeights, sameImage } = outputs;
  const { nodes } = ops.decodeModel(bytesOf({ y: y!, sameWeights: sameWeights!, sameImage: sameImage! }, true)).graph;
  // Images x and tanh(x), and the constant that tells the size of a block.
  assert.equal(nodes.filter(({ type }) => type === 'ReorderInput').length, 3);
  assert.equal(nodes.filter(({ type }) => type === 'Transpose').length, 2);
  assert.equal(nodes.filter(({ type }) => type === 'ReorderOutput').length, 3);
});

test('convolutions that blocks do not suit stay as they are', () => {
  for (const [name, each] of Object.entries(unsuited)) {
    const { outputs } = build(each);
    const { y } = outputs;
    assert.deepEqual(bytesOf({ y: y! }, true), bytesOf({ y: y! }, false), name);
  }
  const { outputs } = build(suited['3×3']!);
  assert.equal(countBlocked(bytesOf(outputs, false)), 0, 'nothing is rewritten unasked');
});

test('convolutions of half precision stay as they are', () => {
  const graph = new ops.Graph();
  const [x, w] = [graph.input('x', [2, 16, 16, 16], 'float16'), graph.input('w', [16, 16, 3, 3], 'float16')];
  assert.equal(countBlocked(bytesOf({ y: ops.conv(x, w, { padding: 1 }) }, true)), 0);
});

test('the steps of a loop use blocks too', { skip }, async () => {
  const graph = new ops.Graph();
  const w = graph.input('w', [16, 16, 3, 3]);
  const x = graph.input('x', [1, 16, 16, 16]);
  const y = ops.tanh(ops.conv(x, w, { padding: 1 }));
  const [slope] = ops.grad(ops.reduceSum(ops.mul(y, y), undefined, false), [w]);
  const step = {
    graph,
    state: [{ name: 'w', input: w, next: ops.sub(w, ops.mul(slope!, 1e-3)) }],
    sequence: [{ name: 'x', input: x }],
    perStep: { sum: ops.reduceSum(y, undefined, false) },
  };
  const random = ops.seededRandom(2);
  const numbers = (shape: ops.Shape) => ({ shape, values: Array.from({ length: ops.sizeOf(shape) }, random.normal) });
  const feeds = { w: numbers(w.shape), x: numbers([3, ...x.shape]) };
  const [plain, blocked] = await Promise.all(
    [false, true].map((blockedConvolutions) => loadModel(ops.scanModel(step, 3, { blockedConvolutions }))),
  );
  assertNear(await blocked!.run(feeds), await plain!.run(feeds), 'after three steps');
});
