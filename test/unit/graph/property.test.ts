import { test } from 'node:test';
import fc from 'fast-check';
import * as ops from '../../../src/graph/index.ts';
import { checkGradients } from './gradientCheck.ts';

/**
 * One step of building a random graph: which operation, and which of the values made so far it takes. Every value has a shape
 * that broadcasts with [2, 3], so that any two can be combined.
 */
type Move = readonly [op: number, first: number, second: number];

type Make = (a: ops.Value, b: ops.Value) => ops.Value;

const makers: readonly Make[] = [
  (a, b) => ops.add(a, b),
  (a, b) => ops.sub(a, b),
  (a, b) => ops.mul(a, ops.tanh(b)),
  (a, b) => ops.div(a, ops.add(ops.mul(b, b), 1)),
  (a) => ops.sin(a),
  (a) => ops.sigmoid(a),
  (a) => ops.exp(ops.neg(ops.mul(a, a))),
  (a) => ops.sqrt(ops.add(ops.mul(a, a), 0.5)),
  (a) => ops.reduceMean(a, [-1].slice(0, a.rank)),
  (a) => (a.rank === 2 ? ops.reduceSum(a, [0], false) : a),
  (a) => ops.softmax(full(a), 1),
  (a) => ops.logSoftmax(full(a), 0),
  (a, b) => ops.matmul(ops.matmul(full(a), ops.swapLast(full(b))), full(a)),
  (a, b) => ops.slice(ops.concat([full(a), full(b)], 1), { starts: [5], ends: [-7], axes: [1], steps: [-2] }),
  (a) => ops.flip(full(a), [0, 1]),
  (a) => ops.slice(ops.pad(full(a), [1, 1], [1, 0]), { starts: [0, 1], ends: [4, 4], steps: [2, 1] }),
  (a, b) => ops.where(ops.greater(ops.cast(ops.range(a.graph, 3), 'float64'), 0.5), a, b),
  (a) => ops.gather(full(a), a.graph.constant([2, 0, 2], [3], 'int64'), 1),
  (a, b) => ops.add(ops.split(full(a), [1, 2], 1)[0]!, b),
  (a) => ops.cos(a),
  (a) => ops.silu(a),
  (a) => ops.squaredRelu(ops.add(a, 3)),
  (a) => ops.log(ops.add(ops.mul(a, a), 1.5)),
  (a, b) => ops.pow(ops.add(ops.mul(a, a), 1), ops.tanh(b)),
  // Far from equal, where a maximum has a kink.
  (a, b) => ops.maximum(ops.add(a, 3), ops.sub(b, 3)),
  (a, b) => ops.minimum(ops.add(a, 3), ops.sub(b, 3)),
  (a) => ops.relu(ops.add(a, 3)),
  (a) => ops.reciprocal(ops.abs(ops.add(a, 3))),
  (a, b) => ops.gatherElements(ops.mul(full(a), full(b)), a.graph.constant([2, 0, 1, 1, 1, 0], [2, 3], 'int64'), 1),
  (a, b) =>
    ops.scatterNdAdd(
      full(a),
      a.graph.constant([1, 0, 1], [3, 1], 'int64'),
      ops.gather(full(b), a.graph.constant([0, 1, 1], [3], 'int64')),
    ),
  (a, b) => ops.mul(a, ops.stopGradient(ops.mul(ops.stopGradient(b.graph.scalar(0.5, 'float64')), 2))),
];

const full = (value: ops.Value) => ops.expand(value, [2, 3]);

test('derivatives of random graphs agree with finite differences', async () => {
  const moves = fc.array(fc.tuple(fc.nat(makers.length - 1), fc.nat(30), fc.nat(30)), { minLength: 3, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(moves, async (steps: readonly Move[]) => {
      await checkGradients({
        shapes: [[2, 3], [3], [2, 1]],
        inputs: (normal) => Math.tanh(normal),
        build: (xs) => buildRandom(xs, steps),
        tolerance: 1e-5,
      });
    }),
    { numRuns: 60 },
  );
});

/** Applies the moves; the result is the sum of everything, so that every value counts. */
function buildRandom(xs: readonly ops.Value[], moves: readonly Move[]): ops.Value {
  const values = [...xs];
  for (const [op, first, second] of moves) {
    const made = makers[op]!(values[first % values.length]!, values[second % values.length]!);
    // Kept small, so that long chains neither overflow nor drown the differences in rounding.
    values.push(ops.tanh(made));
  }
  return values.reduce((sum, value) => ops.add(sum, value));
}
