import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

const COUNT = 1 << 16;
/** Five standard deviations of a mean of COUNT independent numbers of variance 1. */
const FIVE_SIGMA = 5 / Math.sqrt(COUNT);

async function drawer(
  draw: (counter: ops.Value, shape: ops.Shape, stream: number) => ops.Value,
  streams: readonly number[],
) {
  const graph = new ops.Graph();
  const counter = graph.input('counter', [], 'int64');
  const outputs = Object.fromEntries(streams.map((stream) => [`s${stream}`, draw(counter, [COUNT], stream)]));
  const model = await loadModel(ops.encodeModel(graph, outputs));
  return async (at: number) => {
    const results = await model.run({ counter: { shape: [], values: [at] } });
    return streams.map((stream) => results[`s${stream}`]!.values);
  };
}

test('normal numbers have the moments of the normal distribution, at small and large counters', async () => {
  const draw = await drawer(ops.randomNormal, [0, 1, 2, 1000]);
  for (const counter of [0, 1, 2, 77, 123_456, 2_147_483_646, 2_147_483_647, 9_000_000_000]) {
    for (const numbers of await draw(counter)) {
      const [mean, variance, skew, kurtosis] = moments(numbers);
      assert.ok(Math.abs(mean) < FIVE_SIGMA, `mean ${mean} at ${counter}`);
      assert.ok(Math.abs(variance - 1) < FIVE_SIGMA * Math.SQRT2, `variance ${variance} at ${counter}`);
      assert.ok(Math.abs(skew) < FIVE_SIGMA * Math.sqrt(6), `skewness ${skew} at ${counter}`);
      assert.ok(Math.abs(kurtosis - 3) < FIVE_SIGMA * Math.sqrt(24), `kurtosis ${kurtosis} at ${counter}`);
      assert.ok(numbers.every(Number.isFinite));
    }
  }
});

test('normal numbers do not correlate between counters, streams, neighbours and halves', async () => {
  const streams = [0, 1, 2, 3];
  const draw = await drawer(ops.randomNormal, streams);
  const counters = [0, 1, 2, 3, 500_000, 500_001];
  const drawn = await Promise.all(counters.map(draw));
  const all = drawn.flatMap((each, i) => each.map((numbers, k) => ({ name: `${counters[i]}/${streams[k]}`, numbers })));
  for (let i = 0; i < all.length; i++) {
    for (let k = i + 1; k < all.length; k++) {
      const value = correlation(all[i]!.numbers, all[k]!.numbers, 0);
      assert.ok(Math.abs(value) < FIVE_SIGMA, `${all[i]!.name} and ${all[k]!.name}: ${value}`);
      const squares = correlation(squared(all[i]!.numbers), squared(all[k]!.numbers), 0) / 2;
      assert.ok(Math.abs(squares) < FIVE_SIGMA, `squares of ${all[i]!.name} and ${all[k]!.name}: ${squares}`);
    }
  }
  for (const { name, numbers } of all) {
    for (const lag of [1, 2, 3, 28, 784, COUNT / 2]) {
      const value = correlation(numbers, numbers, lag) * Math.sqrt((COUNT - lag) / COUNT);
      assert.ok(Math.abs(value) < FIVE_SIGMA, `${name} at lag ${lag}: ${value}`);
    }
  }
});

test('neighbouring draws of neighbouring counters are not shifted copies of each other', async () => {
  const draw = await drawer(ops.randomUniform, [0, 1]);
  const [first, second] = [await draw(10), await draw(11)];
  const seen = new Map<number, number>();
  for (const value of first[0]!) seen.set(value, (seen.get(value) ?? 0) + 1);
  for (const [name, numbers] of [
    ['next counter', second[0]!],
    ['next stream', first[1]!],
  ] as const) {
    const shared = numbers.filter((value) => seen.has(value)).length;
    // Float32 has 2^23 values in [½, 1), as many in [¼, ½) and so on: COUNT²·2^-23/3 = 171 numbers meet by chance, give or take 13.
    assert.ok(shared > 106 && shared < 236, `${name}: ${shared} equal numbers`);
  }
});

test('uniform numbers fill the unit interval evenly, one by one and in pairs', async () => {
  const draw = await drawer(ops.randomUniform, [0, 5]);
  for (const counter of [0, 1, 1_000_003]) {
    for (const numbers of await draw(counter)) {
      assert.ok(numbers.every((value) => value > 0 && value < 1));
      assert.ok(chiSquare(numbers, 256, (i) => Math.floor(numbers[i]! * 256)) < 256 + 6 * Math.sqrt(512));
      const pair = (i: number) => Math.floor(numbers[i]! * 16) * 16 + Math.floor(numbers[(i + 1) % COUNT]! * 16);
      assert.ok(chiSquare(numbers, 256, pair) < 256 + 6 * Math.sqrt(512));
    }
  }
});

test('the same counter gives the same numbers, and a longer vector does not repeat a shorter one', async () => {
  const draw = await drawer(ops.randomNormal, [4]);
  const [once, again, other] = [await draw(42), await draw(42), await draw(43)];
  assert.deepEqual(once, again);
  assert.notDeepEqual(once, other);
  const graph = new ops.Graph();
  const counter = graph.input('c', [], 'int64');
  assert.deepEqual(ops.randomNormal(counter, [3, 5], 0).shape, [3, 5]);
  assert.deepEqual(ops.randomUniform(counter, [], 0).shape, []);
  assert.throws(() => ops.randomNormal(graph.input('f', []), [2], 0), /int64 scalar/);
  assert.throws(() => ops.randomUniform(counter, [2], -1), /stream/);
});

function moments(numbers: Float64Array): [number, number, number, number] {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const power = (p: number) => numbers.reduce((sum, value) => sum + (value - mean) ** p, 0) / numbers.length;
  const variance = power(2);
  return [mean, variance, power(3) / variance ** 1.5, power(4) / variance ** 2];
}

function squared(numbers: Float64Array): Float64Array {
  return numbers.map((value) => value * value - 1);
}

function correlation(a: Float64Array, b: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < a.length; i++) sum += a[i]! * b[i - lag]!;
  return sum / (a.length - lag);
}

function chiSquare(numbers: Float64Array, cells: number, cellOf: (i: number) => number): number {
  const counts = new Float64Array(cells);
  for (let i = 0; i < numbers.length; i++) counts[cellOf(i)] = counts[cellOf(i)]! + 1;
  const expected = numbers.length / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
