import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

const positive = (x: number) => Math.abs(x) + 0.5;
/** At least 0.1 away from 0 on either side, so that no difference steps over a kink there. */
const offZero = (x: number) => x + Math.sign(x) * 0.1;

const unary: readonly [
  string,
  (x: ops.Value) => ops.Value,
  (((x: number) => number) | undefined)?,
  (ops.DType | undefined)?,
][] = [
  ['neg', ops.neg],
  ['exp', ops.exp],
  ['log', ops.log, positive],
  ['sqrt', ops.sqrt, positive],
  ['erf', ops.erf, undefined, 'float32'],
  ['sin', ops.sin],
  ['cos', ops.cos],
  ['tanh', ops.tanh],
  ['sigmoid', ops.sigmoid],
  ['relu', ops.relu, offZero],
  ['abs', ops.abs, offZero],
  ['reciprocal', ops.reciprocal, positive],
  ['identity', ops.identity],
  ['pow 3', (x) => ops.pow(x, 3), positive],
  ['pow 2', (x) => ops.pow(x, 2)],
  ['pow 0.5', (x) => ops.pow(x, 0.5), positive],
  ['pow -1', (x) => ops.pow(x, -1), positive],
  ['cast there and back', (x) => ops.cast(ops.cast(ops.sin(x), 'float64'), x.dtype), undefined, 'float32'],
  ['a number on the left', (x) => ops.add(ops.sub(2, x), ops.div(3, x)), positive],
  ['zero and one', (x) => ops.mul(1, ops.add(ops.sub(ops.div(x, 1), 0), 0))],
];
for (const [name, apply, inputs, dtype] of unary) {
  gradientTest(`derivatives of ${name}`, {
    shapes: [[2, 3]],
    build: ([x]) => apply(x!),
    ...(inputs === undefined ? {} : { inputs }),
    ...(dtype === undefined ? {} : { dtype }),
  });
}

const binary: readonly [string, (a: ops.Value, b: ops.Value) => ops.Value, ((x: number) => number)?][] = [
  ['add', ops.add],
  ['sub', ops.sub],
  ['mul', ops.mul],
  ['div', ops.div, positive],
  ['pow', ops.pow, positive],
  ['maximum', ops.maximum],
  ['minimum', ops.minimum],
];
const pairs: readonly (readonly [ops.Shape, ops.Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [
    [2, 3],
    [1, 3],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [[3], [2, 2, 3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[1, 1], [3]],
];
for (const [name, apply, inputs] of binary) {
  for (const shapes of pairs) {
    gradientTest(`derivatives of ${name} for ${JSON.stringify(shapes)}`, {
      shapes,
      build: ([a, b]) => apply(a!, b!),
      ...(inputs === undefined ? {} : { inputs }),
    });
  }
}

for (const shapes of [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 1], [3]],
  [[], [4, 1]],
] as const) {
  gradientTest(`derivatives of where for ${JSON.stringify(shapes)}`, {
    shapes,
    build: ([a, b], graph) => ops.where(graph.constant([1, 0, 1], [3], 'bool'), a!, b!),
  });
}
gradientTest('derivatives of where with numbers', {
  shapes: [[4]],
  build: ([x], graph) => {
    const condition = graph.constant([1, 0, 0, 1], [4], 'bool');
    return ops.add(ops.where(condition, x!, 2), ops.where(condition, 3, x!));
  },
});

test('equal operands of maximum and minimum share the gradient', async () => {
  const graph = new ops.Graph();
  const a = graph.input('a', [2]);
  const loss = ops.reduceSum(ops.maximum(a, graph.constant([1, 1], [2])), undefined, false);
  const { g } = await evaluate({ g: ops.grad(loss, [a])[0]! }, { a: { shape: [2], values: [1, 2] } });
  assert.deepEqual([...g!.values], [0.5, 1]);
});

test('comparisons, logic, floor and mod give the values that JavaScript gives', async () => {
  const graph = new ops.Graph();
  const a = graph.input('a', [5]);
  const b = graph.input('b', [5]);
  const [av, bv] = [
    [-2, -0.5, 0, 1.5, 3],
    [-2, 0.5, 0, 1, 4],
  ];
  const i = graph.constant([7, -7, 8, -8], [4], 'int64');
  const results = await evaluate(
    {
      greater: ops.greater(a, b),
      greaterOrEqual: ops.greaterOrEqual(a, b),
      less: ops.less(a, b),
      lessOrEqual: ops.lessOrEqual(a, b),
      equal: ops.equal(a, b),
      both: ops.and(ops.less(a, 1), ops.greater(b, 0)),
      either: ops.or(ops.less(a, -1), ops.greater(b, 3)),
      not: ops.not(ops.less(a, b)),
      floor: ops.floor(a),
      mod: ops.mod(i, 3),
    },
    { a: { shape: [5], values: av }, b: { shape: [5], values: bv } },
  );
  const expected: Record<string, (number | boolean)[]> = {
    greater: av.map((x, k) => x > bv[k]!),
    greaterOrEqual: av.map((x, k) => x >= bv[k]!),
    less: av.map((x, k) => x < bv[k]!),
    lessOrEqual: av.map((x, k) => x <= bv[k]!),
    equal: av.map((x, k) => x === bv[k]!),
    both: av.map((x, k) => x < 1 && bv[k]! > 0),
    either: av.map((x, k) => x < -1 || bv[k]! > 3),
    not: av.map((x, k) => !(x < bv[k]!)),
    floor: av.map(Math.floor),
    mod: [1, 2, 2, 1],
  };
  for (const [name, values] of Object.entries(expected)) {
    assert.deepEqual([...results[name]!.values], values.map(Number), name);
  }
});

test('operands that do not fit are refused in words', () => {
  const graph = new ops.Graph();
  const a = graph.input('a', [2, 3]);
  const other = new ops.Graph().input('a', [2, 3]);
  assert.throws(() => ops.add(a, graph.input('b', [4])), /add|Add.*\[2, 3\] and \[4\]/);
  assert.throws(() => ops.add(a, graph.input('c', [2, 3], 'int64')), { code: 'bad-argument', hint: /cast/ });
  assert.throws(() => ops.add(a, other), /two different graphs/);
  assert.throws(() => ops.add(1, 2), /two plain numbers/);
  assert.throws(() => ops.mod(a, 2), /whole numbers/);
  assert.throws(() => ops.where(a, a, a), /bool condition/);
});
