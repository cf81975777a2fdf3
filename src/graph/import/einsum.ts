import { mul } from '../build/binary.ts';
import { matmul } from '../build/linalg.ts';
import { reshape, transpose } from '../build/movement.ts';
import { reduceSum } from '../build/reduction.ts';
import type { Value } from '../ir.ts';
import { refuse, sizeOf } from '../shape.ts';

/**
 * Einstein summation of one or two operands (https://onnx.ai/onnx/operators/onnx__Einsum.html), without "..." and repeated letters in one operand.
 * Two operands become one matrix product: letters of both and of the result are its leading axes, letters of both alone its inner axis.
 */
export function einsum(equation: string, operands: readonly Value[]): Value {
  const [left, right] = equation.replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  const isKnown = terms.length === operands.length && operands.length <= 2 && !equation.includes('.');
  if (!isKnown || terms.some((term) => new Set(term).size !== term.length)) {
    throw refuse(`The sum "${equation}" is of a form that is not known here.`);
  }
  const result = right ?? implicitResult(terms);
  if ([...result].some((letter) => !terms.join('').includes(letter))) {
    throw refuse(`The result of the sum "${equation}" has an axis that no operand has.`);
  }
  if (terms.length === 1) return arranged(summed(operands[0]!, terms[0]!, result), kept(terms[0]!, result), result);
  return product(operands as [Value, Value], terms as [string, string], result);
}

function product([a, b]: [Value, Value], [aTerm, bTerm]: [string, string], result: string): Value {
  const first = summed(a, aTerm, bTerm + result);
  const second = summed(b, bTerm, aTerm + result);
  const [x, y] = [kept(aTerm, bTerm + result), kept(bTerm, aTerm + result)];
  const batch = [...x].filter((letter) => y.includes(letter) && result.includes(letter)).join('');
  const inner = [...x].filter((letter) => y.includes(letter) && !result.includes(letter)).join('');
  const rows = [...x].filter((letter) => !y.includes(letter)).join('');
  const columns = [...y].filter((letter) => !x.includes(letter)).join('');
  const sizes = new Map([...x].map((letter, i) => [letter, first.shape[i]!]));
  for (const [i, letter] of [...y].entries()) sizes.set(letter, second.shape[i]!);
  const shapeOf = (letters: string) => [...letters].map((letter) => sizes.get(letter)!);
  const size = (letters: string) => sizeOf(shapeOf(letters));
  const left = reshape(arranged(first, x, batch + rows + inner), [size(batch), size(rows), size(inner)]);
  const right = reshape(arranged(second, y, batch + inner + columns), [size(batch), size(inner), size(columns)]);
  const joined = inner === '' ? mul(left, right) : matmul(left, right);
  return arranged(reshape(joined, shapeOf(batch + rows + columns)), batch + rows + columns, result);
}

/** Letters that occur once, in alphabetical order: what a sum without an arrow gives. */
function implicitResult(terms: readonly string[]): string {
  const all = terms.join('');
  return [...new Set(all)]
    .filter((letter) => all.split(letter).length === 2)
    .sort()
    .join('');
}

function kept(term: string, wanted: string): string {
  return [...term].filter((letter) => wanted.includes(letter)).join('');
}

/** Sums over the letters that nothing else names. */
function summed(value: Value, term: string, wanted: string): Value {
  const axes = [...term].flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  return axes.length === 0 ? value : reduceSum(value, axes, false);
}

function arranged(value: Value, from: string, to: string): Value {
  return transpose(
    value,
    [...to].map((letter) => from.indexOf(letter)),
  );
}
