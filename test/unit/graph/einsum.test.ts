import assert from 'node:assert/strict';
import { test } from 'node:test';
import { einsum } from '../../../src/graph/import/einsum.ts';
import { Graph, type Shape, sizeOf } from '../../../src/graph/index.ts';
import { assertClose, gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

const cases: readonly (readonly [equation: string, shapes: readonly Shape[]])[] = [
  ['ij->ji', [[2, 3]]],
  ['ijk->k', [[2, 3, 4]]],
  [
    'ij,jk',
    [
      [2, 3],
      [3, 4],
    ],
  ],
  ['i,j->ij', [[2], [3]]],
  [
    'bij,bjk->bik',
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
  ],
  [
    'bhqd, bhkd -> bhqk',
    [
      [2, 2, 3, 4],
      [2, 2, 2, 4],
    ],
  ],
  ['bi,i->b', [[2, 3], [3]]],
  [
    'bij,bjk->kb',
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
  ],
];

for (const [equation, shapes] of cases) {
  test(`the sum ${equation} is that of its definition`, async () => {
    const graph = new Graph();
    const values = shapes.map((shape, k) => Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + 5 * k)));
    const inputs = shapes.map((shape, k) => graph.input(`x${k}`, shape));
    const y = einsum(equation, inputs);
    const feeds = Object.fromEntries(shapes.map((shape, k) => [`x${k}`, { shape, values: values[k]! }]));
    const results = await evaluate({ y }, feeds);
    const expected = plainSum(equation, shapes, values);
    assert.deepEqual(y.shape, expected.shape);
    assertClose(equation, results['y']!.values, expected.values, 1e-6);
  });
  gradientTest(`derivatives of the sum ${equation}`, { shapes, build: (xs) => einsum(equation, xs) });
}

test('sums of unknown forms are refused', () => {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [2, 2]), graph.input('b', [2, 2])];
  assert.throws(() => einsum('...i,ij->...j', [a, b]), /not known here/);
  assert.throws(() => einsum('ii->i', [a]), /not known here/);
  assert.throws(() => einsum('ij,jk,kl->il', [a, b, a]), /not known here/);
  assert.throws(() => einsum('ij->ijk', [a]), /an axis that no operand has/);
});

/** One sum per entry of the result, over all values of all letters. */
function plainSum(equation: string, shapes: readonly Shape[], values: readonly (readonly number[])[]) {
  const [left, right] = equation.replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  const letters = [...new Set(terms.join(''))];
  const result =
    right ??
    letters
      .filter((letter) => terms.join('').split(letter).length === 2)
      .sort()
      .join('');
  const sizes = new Map(
    terms.flatMap((term, k) => [...term].map((letter, axis) => [letter, shapes[k]![axis]!] as const)),
  );
  const shape = [...result].map((letter) => sizes.get(letter)!);
  const sums = new Array<number>(sizeOf(shape)).fill(0);
  const total = sizeOf(letters.map((letter) => sizes.get(letter)!));
  for (let flat = 0; flat < total; flat++) {
    const place = new Map<string, number>();
    let rest = flat;
    for (const letter of letters) {
      place.set(letter, rest % sizes.get(letter)!);
      rest = Math.floor(rest / sizes.get(letter)!);
    }
    const at = (term: string) =>
      [...term].reduce((index, letter) => index * sizes.get(letter)! + place.get(letter)!, 0);
    sums[at(result)]! += terms.reduce((product, term, k) => product * values[k]![at(term)]!, 1);
  }
  return { shape, values: sums };
}
