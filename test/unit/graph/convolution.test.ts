import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as ops from '../../../src/graph/index.ts';
import { inputGradientByColumns, inputGradientByTurning } from '../../../src/graph/ops/inputGradient.ts';
import { weightGradientByColumns, weightGradientByTaps } from '../../../src/graph/ops/weightGradient.ts';
import { gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

type ConvCase = readonly [string, ops.Shape, ops.Shape, ops.ConvOptions];
const convolutions: readonly ConvCase[] = [
  ['3×3', [2, 2, 4, 3], [3, 2, 3, 3], { padding: 1 }],
  ['3×3 without padding', [1, 2, 4, 5], [2, 2, 3, 3], {}],
  ['3×3 stride 2', [1, 2, 5, 6], [2, 2, 3, 3], { padding: 1, stride: 2 }],
  ['3×3 dilation 2', [1, 2, 6, 5], [2, 2, 3, 3], { padding: 2, dilation: 2 }],
  ['3×3 stride 2 dilation 2', [1, 1, 7, 8], [2, 1, 3, 3], { padding: 1, stride: 2, dilation: 2 }],
  ['4×4 stride 2', [1, 2, 6, 6], [2, 2, 4, 4], { padding: 1, stride: 2 }],
  [
    '2×3 with uneven sides',
    [1, 2, 4, 4],
    [2, 2, 2, 3],
    {
      padding: [
        [1, 0],
        [0, 2],
      ],
      stride: [2, 1],
    },
  ],
  ['1×1', [2, 3, 2, 3], [2, 3, 1, 1], {}],
  ['1×1 stride 2', [1, 2, 5, 4], [2, 2, 1, 1], { stride: 2 }],
  ['1×1 in two groups', [2, 4, 2, 2], [4, 2, 1, 1], { groups: 2 }],
  ['two groups', [2, 4, 3, 3], [4, 2, 3, 3], { padding: 1, groups: 2 }],
  ['two groups stride 2', [1, 4, 5, 5], [2, 2, 3, 3], { padding: 1, stride: 2, groups: 2 }],
  ['depthwise', [2, 3, 4, 3], [3, 1, 3, 3], { padding: 1, groups: 3 }],
  ['depthwise stride 2 dilation 2', [1, 2, 7, 7], [2, 1, 3, 3], { padding: 2, stride: 2, dilation: 2, groups: 2 }],
  ['depthwise, two for each channel', [1, 2, 4, 4], [4, 1, 3, 3], { padding: 1, groups: 2 }],
  ['patches, stride = kernel', [2, 1, 4, 6], [3, 1, 2, 2], { stride: 2 }],
  ['patches that leave a rest', [1, 2, 5, 5], [2, 2, 2, 2], { stride: 2 }],
  ['one axis', [2, 2, 7], [3, 2, 3], { padding: 1 }],
  ['one axis, stride 2 dilation 2 groups 2', [1, 4, 9], [4, 2, 3], { padding: 1, stride: 2, dilation: 2, groups: 2 }],
];
for (const [name, x, w, options] of convolutions) {
  gradientTest(`derivatives of conv: ${name}`, {
    shapes: [x, w],
    dtype: 'float32',
    build: ([a, b]) => ops.conv(ops.mul(a!, 0.3), ops.mul(b!, 0.3), options),
    tolerance: 2e-3,
  });
}
for (const [name, x, w, options] of convolutions) {
  const made = [x[0]!, w[0]!, ...x.slice(2).map((size, i) => resultSize(size, w[i + 2]!, options, i))];
  gradientTest(`derivatives of convTranspose: ${name}`, {
    shapes: [made, w],
    dtype: 'float32',
    build: ([a, b]) => ops.convTranspose(ops.mul(a!, 0.3), ops.mul(b!, 0.3), { ...options, outputSize: x.slice(2) }),
  });
}

gradientTest('derivatives of conv with a bias', {
  shapes: [[2, 2, 3, 3], [4, 1, 3, 3], [4]],
  dtype: 'float32',
  build: ([x, w, bias]) => ops.conv(ops.mul(x!, 0.3), ops.mul(w!, 0.3), { padding: 1, groups: 2, bias: bias! }),
});
gradientTest('derivatives of conv along one axis with a bias', {
  shapes: [[2, 2, 4], [3, 2, 2], [3]],
  dtype: 'float32',
  build: ([x, w, bias]) => ops.conv(ops.mul(x!, 0.3), ops.mul(w!, 0.3), { stride: 2, bias: bias! }),
});

const moves: readonly [string, ops.Shape, (x: ops.Value) => ops.Value][] = [
  ['resizeNearest', [1, 2, 2, 3], (x) => ops.resizeNearest(x, 2)],
  ['resizeNearest with two factors', [2, 1, 2, 2], (x) => ops.resizeNearest(x, [3, 1])],
  ['resizeNearest of one axis', [1, 2, 3], (x) => ops.resizeNearest(x, 2)],
  ['averagePool', [1, 2, 4, 6], (x) => ops.averagePool2d(x, 2)],
  ['averagePool with a rest', [1, 2, 5, 5], (x) => ops.averagePool2d(x, 2)],
  ['averagePool with overlap', [2, 2, 5, 6], (x) => ops.averagePool2d(x, 3, 2)],
  ['averagePool of one axis', [1, 2, 6], (x) => ops.averagePool(x, 3)],
  ['maxPool', [2, 1, 4, 6], (x) => ops.maxPool(x, [2, 3])],
  ['maxPool with overlap and a border', [2, 2, 5, 4], (x) => ops.maxPool(x, 3, { stride: 2, padding: 1 })],
  ['maxPool with a rest', [1, 2, 5, 5], (x) => ops.maxPool(x, 2)],
  ['maxPool of one axis with gaps', [2, 1, 9], (x) => ops.maxPool(x, 2, { stride: 1, dilation: 3 })],
];
for (const [name, shape, build] of moves) {
  gradientTest(`derivatives of ${name}`, {
    shapes: [shape],
    dtype: 'float32',
    quadratic: !name.startsWith('max'),
    // Spread out, so that no difference steps over a change of the largest entry.
    inputs: (_normal, i) => ((i * 7) % 48) * 0.1 - 2.4,
    build: ([x]) => build(x!),
  });
}

test('conv gives the sums that its definition gives', async () => {
  for (const [name, xShape, wShape, options] of convolutions) {
    const graph = new ops.Graph();
    const [x, w] = [graph.input('x', xShape), graph.input('w', wShape)];
    const [xs, ws] = [xShape, wShape].map((shape, k) =>
      Array.from({ length: ops.sizeOf(shape) }, (_, i) => Math.sin(i * (k + 1.3))),
    );
    const y = ops.conv(x, w, options);
    const { out } = await evaluate(
      { out: y },
      { x: { shape: xShape, values: xs! }, w: { shape: wShape, values: ws! } },
    );
    const expected = plainConv(xs!, xShape, ws!, wShape, options);
    assert.equal(out!.values.length, expected.length, name);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - out!.values[i]!) < 1e-5, `${name} at ${i}`);
  }
});

test('both gradients of a convolution are its transposes, for random kernels, strides, dilations, groups and sides', async () => {
  const side = fc.tuple(fc.nat(2), fc.nat(2));
  const pair = <T>(of: fc.Arbitrary<T>) => fc.tuple(of, of);
  const settings = fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    read: fc.integer({ min: 1, max: 3 }),
    made: fc.integer({ min: 1, max: 3 }),
    kernel: pair(fc.integer({ min: 1, max: 4 })),
    stride: pair(fc.integer({ min: 1, max: 3 })),
    dilation: pair(fc.integer({ min: 1, max: 2 })),
    padding: pair(side),
    extra: pair(fc.nat(4)),
  });
  await fc.assert(
    fc.asyncProperty(settings, async ({ batch, groups, read, made, kernel, extra, ...options }) => {
      const spatial = kernel.map((size, i) => options.dilation[i]! * (size - 1) + 1 + extra[i]!);
      const shapes = [
        [batch, read * groups, ...spatial],
        [made * groups, read, ...kernel],
      ] as const;
      const graph = new ops.Graph();
      const [x, w] = [graph.input('x', shapes[0]), graph.input('w', shapes[1])];
      const y = ops.conv(x, w, { ...options, groups });
      const dy = graph.input('dy', y.shape);
      const product = ops.reduceSum(ops.mul(y, dy), undefined, false);
      const [dx, dw] = ops.grad(product, [x, w]);
      const back = ops.convTranspose(dy, w, { ...options, groups, outputSize: spatial });
      const dot = (a: ops.Value, b: ops.Value) => ops.reduceSum(ops.mul(a, b), undefined, false);
      const random = ops.seededRandom(9);
      const numbers = (shape: ops.Shape) => ({
        shape,
        values: Array.from({ length: ops.sizeOf(shape) }, random.normal),
      });
      const results = await evaluate(
        { product, alongX: dot(dx!, x), alongW: dot(dw!, w), transposed: dot(back, x) },
        { x: numbers(shapes[0]), w: numbers(shapes[1]), dy: numbers(y.shape) },
      );
      const expected = results['product']!.values[0]!;
      for (const name of ['alongX', 'alongW', 'transposed']) {
        const error = Math.abs(results[name]!.values[0]! - expected);
        assert.ok(
          error < 1e-4 * (10 + Math.abs(expected)),
          `${name}: ${results[name]!.values[0]} instead of ${expected}`,
        );
      }
    }),
    { numRuns: 50 },
  );
});

test('every way to a gradient of a convolution gives the same numbers, for one axis and two', async () => {
  const axis = fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    sides: fc.tuple(fc.nat(3), fc.nat(3)),
    extra: fc.nat(12),
  });
  const channels = fc.integer({ min: 1, max: 5 });
  const settings = fc.tuple(channels, channels, channels, fc.array(axis, { minLength: 1, maxLength: 2 }));
  await fc.assert(
    fc.asyncProperty(settings, async ([batch, read, made, axes]) => {
      const attributes = {
        strides: axes.map(({ stride }) => stride),
        dilations: axes.map(({ dilation }) => dilation),
        padBefore: axes.map(({ sides }) => sides[0]),
        padAfter: axes.map(({ sides }) => sides[1]),
        groups: 1,
      };
      const spatial = axes.map(({ size, dilation, extra }) => dilation * (size - 1) + 1 + extra);
      const weights = [made, read, ...axes.map(({ size }) => size)];
      const graph = new ops.Graph();
      const [x, w] = [graph.input('x', [batch, read, ...spatial]), graph.input('w', weights)];
      const options = {
        stride: attributes.strides,
        dilation: attributes.dilations,
        padding: axes.map(({ sides }) => sides),
      };
      const dy = graph.input('dy', ops.conv(x, w, options).shape);
      const isSingle = attributes.strides.every((stride) => stride === 1);
      const turned = inputGradientByTurning(dy, w, attributes);
      const outputs: Record<string, ops.Value> = {
        dx: ops.convTranspose(dy, w, { ...options, outputSize: spatial }),
        ...(isSingle ? { dxByColumns: inputGradientByColumns(dy, w, x.shape, attributes) } : {}),
        ...(turned === null ? {} : { dxByTurning: turned }),
        dw: weightGradientByTaps(x, dy, weights, attributes),
        dwByColumns: weightGradientByColumns(x, dy, weights, attributes),
      };
      const random = ops.seededRandom(5);
      const feeds = [x, w, dy].map((value) => {
        const values = Array.from({ length: ops.sizeOf(value.shape) }, random.normal);
        return [ops.inputName(value), { shape: value.shape, values }] as const;
      });
      const results = await evaluate(outputs, Object.fromEntries(feeds));
      for (const [name, { shape, values }] of Object.entries(results)) {
        const expected = results[name.slice(0, 2)]!;
        assert.deepEqual(shape, expected.shape, name);
        const scale = expected.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.values[i]!)), 0);
        assert.ok(worst <= 1e-5 * scale, `${name}: off by ${worst} of ${scale}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('convolutions that do not fit are refused in words', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [1, 4, 5, 5]);
  assert.throws(() => ops.conv(x, graph.input('a', [2, 3, 3, 3])), /does not fit/);
  assert.throws(() => ops.conv(x, graph.input('b', [2, 4, 7, 7])), /empty result/);
  assert.throws(() => ops.conv(x, graph.input('c', [2, 4, 3])), /rank/);
  assert.throws(() => ops.conv(x, graph.input('d', [3, 2, 3, 3]), { groups: 2 }), /does not fit/);
  assert.throws(() => ops.conv(x, graph.input('e', [3, 4, 3, 3]), { stride: 0 }), /positive whole number/);
  assert.throws(() => ops.maxPool(x, 2, { padding: 2 }), /border wider/);
  const [kernel, bias] = [graph.input('k', [2, 4, 3, 3]), graph.input('bias', [3])];
  assert.throws(() => ops.conv(x, kernel, { bias }), /bias of shape \[2\]/);
  assert.throws(() => ops.convTranspose(x, graph.input('f', [4, 2, 3, 3]), { outputSize: [9, 9] }), /cannot make/);
});

/** The definition in double precision, for any number of axes: one sum per entry of the result. */
function plainConv(
  x: readonly number[],
  xShape: ops.Shape,
  w: readonly number[],
  wShape: ops.Shape,
  options: ops.ConvOptions,
): number[] {
  const kernel = wShape.slice(2);
  const spatial = kernel.map((size, i) => resultSize(xShape[i + 2]!, size, options, i));
  const madePerGroup = wShape[0]! / (options.groups ?? 1);
  return places([xShape[0]!, wShape[0]!, ...spatial]).map(([n, m, ...at]) => {
    const firstChannel = Math.floor(m! / madePerGroup) * wShape[1]!;
    const terms = places([wShape[1]!, ...kernel]).map(([c, ...tap]) => {
      const read = tap.map(
        (k, i) =>
          at[i]! * perAxis(options.stride ?? 1, i) + k * perAxis(options.dilation ?? 1, i) - sides(options, i)[0],
      );
      if (read.some((position, i) => position < 0 || position >= xShape[i + 2]!)) return 0;
      return x[indexOf([n!, firstChannel + c!, ...read], xShape)]! * w[indexOf([m!, c!, ...tap], wShape)]!;
    });
    return terms.reduce((sum, term) => sum + term, 0);
  });
}

/** All places of a shape in row-major order. */
function places(shape: ops.Shape): number[][] {
  return shape.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

function indexOf(place: readonly number[], shape: ops.Shape): number {
  return place.reduce((index, position, axis) => index * shape[axis]! + position, 0);
}

function perAxis(value: ops.PerAxis, axis: number): number {
  return typeof value === 'number' ? value : value[axis]!;
}

function sides(options: ops.ConvOptions, axis: number): readonly [number, number] {
  const padding = options.padding ?? 0;
  const side = typeof padding === 'number' ? padding : padding[axis]!;
  return typeof side === 'number' ? [side, side] : side;
}

function resultSize(size: number, kernel: number, options: ops.ConvOptions, axis: number): number {
  const [before, after] = sides(options, axis);
  const reach = perAxis(options.dilation ?? 1, axis) * (kernel - 1) + 1;
  return Math.floor((size + before + after - reach) / perAxis(options.stride ?? 1, axis)) + 1;
}
