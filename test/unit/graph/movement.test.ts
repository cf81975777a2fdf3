import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

type Build = (xs: readonly ops.Value[]) => ops.Value;
const cases: readonly [string, readonly ops.Shape[], Build][] = [
  ['reshape', [[2, 6]], ([x]) => ops.reshape(x!, [3, -1])],
  ['transpose', [[2, 3, 4]], ([x]) => ops.transpose(x!, [2, 0, 1])],
  ['transpose with negative axes', [[2, 3]], ([x]) => ops.transpose(x!, [-1, -2])],
  ['swapLast', [[2, 3, 2]], ([x]) => ops.swapLast(x!)],
  ['expand of leading and inner axes', [[3, 1]], ([x]) => ops.expand(x!, [2, 3, 4])],
  ['expand of a scalar', [[]], ([x]) => ops.expand(x!, [2, 3])],
  ['squeeze and unsqueeze', [[2, 1, 3]], ([x]) => ops.unsqueeze(ops.squeeze(x!, [1]), [0, -1])],
  [
    'concat',
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    (xs) => ops.concat(xs, -1),
  ],
  ['concat of one value twice', [[2, 2]], ([x]) => ops.concat([x!, x!], 0)],
  [
    'split, all parts',
    [[2, 6]],
    ([x]) => {
      const [a, b, c] = ops.split(x!, [1, 2, 3], 1);
      return ops.concat([c!, ops.mul(a!, 3), b!], -1);
    },
  ],
  ['split, one part', [[2, 6]], ([x]) => ops.split(x!, [1, 2, 3], -1)[1]!],
  ['slice', [[4, 5]], ([x]) => ops.slice(x!, { starts: [1, 0], ends: [3, 4] })],
  ['slice from the end', [[4, 5]], ([x]) => ops.slice(x!, { starts: [-3], ends: [-1], axes: [-1] })],
  ['slice with steps', [[7, 9]], ([x]) => ops.slice(x!, { starts: [1, 0], ends: [7, 9], steps: [2, 4] })],
  ['slice with a negative step', [[7]], ([x]) => ops.slice(x!, { starts: [5], ends: [0], steps: [-2] })],
  ['slice backwards to the start', [[6]], ([x]) => ops.slice(x!, { starts: [5], ends: [-7], steps: [-2] })],
  ['slice of one entry with a step', [[6]], ([x]) => ops.slice(x!, { starts: [4], ends: [6], steps: [3] })],
  ['narrow', [[5, 2]], ([x]) => ops.narrow(x!, 0, 2, 2)],
  ['flip', [[3, 4]], ([x]) => ops.flip(x!, [-1])],
  ['flip of all axes', [[3, 2]], ([x]) => ops.flip(x!, [0, 1])],
  ['pad', [[3, 2]], ([x]) => ops.pad(x!, [1, 0], [0, 2])],
  ['pad with a value', [[3]], ([x]) => ops.pad(x!, [2], [1], 1.5)],
];
for (const [name, shapes, build] of cases) gradientTest(`derivatives of ${name}`, { shapes, build });

test('slices of every kind take what NumPy takes', async () => {
  const argument = fc.tuple(
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: -8, max: 8 }),
    fc.integer({ min: -8, max: 8 }),
    fc.constantFrom(-3, -2, -1, 1, 2, 3),
  );
  await fc.assert(
    fc.asyncProperty(argument, async ([size, start, end, step]) => {
      const graph = new ops.Graph();
      const x = graph.input('x', [size]);
      const values = Array.from({ length: size }, (_, i) => i + 1);
      const expected = numpySlice(values, start, end, step);
      const y = ops.slice(x, { starts: [start], ends: [end], steps: [step] });
      assert.deepEqual(y.shape, [expected.length]);
      const { out } = await evaluate({ out: y }, { x: { shape: [size], values } });
      assert.deepEqual([...out!.values], expected);
    }),
    { numRuns: 60 },
  );
});

test('movements that change nothing add no node, and misfits are refused in words', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2, 3]);
  assert.equal(ops.reshape(x, [2, -1]), x);
  assert.equal(ops.transpose(x, [0, 1]), x);
  assert.equal(ops.expand(x, [2, 3]), x);
  assert.equal(ops.pad(x, [0, 0], [0, 0]), x);
  assert.equal(ops.slice(x, { starts: [0], ends: [2] }), x);
  assert.equal(ops.split(x, [3], 1)[0], x);
  assert.throws(() => ops.reshape(x, [4]), /cannot turn \[2, 3\] into \[4\]/);
  assert.throws(() => ops.transpose(x, [0, 0]), /one axis twice/);
  assert.throws(() => ops.expand(x, [2, 4]), { code: 'bad-argument' });
  assert.throws(() => ops.concat([x, graph.input('y', [3, 3])], 1), /cannot join \[2, 3\] and \[3, 3\]/);
  assert.throws(() => ops.split(x, [1, 1], 1), /cannot cut axis 1/);
  assert.throws(() => ops.squeeze(x, [0]), /not 1/);
  assert.throws(() => ops.pad(x, [-1, 0], [0, 0]), /cannot cut off/);
  assert.throws(() => ops.slice(x, { starts: [0], ends: [1], steps: [0] }), /step 0/);
  assert.throws(() => ops.unsqueeze(x, [5]), /no axis 5/);
});

/** Python's slice(start, end, step).indices(len), as documented for sequences. */
function numpySlice(values: readonly number[], start: number, end: number, step: number): number[] {
  const size = values.length;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clip = (position: number) => Math.min(Math.max(position < 0 ? position + size : position, low), high);
  const taken: number[] = [];
  for (let i = clip(start); step > 0 ? i < clip(end) : i > clip(end); i += step) taken.push(values[i]!);
  return taken;
}
