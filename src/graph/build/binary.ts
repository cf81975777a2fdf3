import { peel } from '../inspect.ts';
import type { Value } from '../ir.ts';
import { broadcastShapes } from '../shape.ts';
import { reshape } from './movement.ts';
import { binary, fillIs, foldedProduct, none, type Operand, operands, unchanged, withoutExpand } from './operands.ts';
import { reciprocal, sqrt } from './unary.ts';

/** a + b with broadcasting. */
export function add(a: Operand, b: Operand): Value {
  if (fillIs(b, 0)) return unchanged(a, b);
  if (fillIs(a, 0)) return unchanged(b, a);
  return binary('Add', a, b);
}

/** a − b with broadcasting. */
export function sub(a: Operand, b: Operand): Value {
  return fillIs(b, 0) ? unchanged(a, b) : binary('Sub', a, b);
}

/** a · b, elementwise with broadcasting. */
export function mul(a: Operand, b: Operand): Value {
  if (fillIs(b, 1)) return unchanged(a, b);
  if (fillIs(a, 1)) return unchanged(b, a);
  const folded = foldedProduct(a, b);
  if (folded !== null) return folded;
  if (typeof b === 'number' && typeof a !== 'number') return scaled(a, b);
  return binary('Mul', a, b);
}

/**
 * A value times a number. Where a derivative rule reshaped the value, the factor goes ahead of that: behind a matrix product ONNX Runtime
 * makes it the product's own factor, which costs no pass.
 */
function scaled(a: Value, factor: number): Value {
  const reshaped = peel(a, 'Reshape');
  return reshaped === null ? binary('Mul', a, factor) : reshape(mul(reshaped.inputs[0]!, factor), a.shape);
}

/** a / b with broadcasting. Whole numbers round towards zero. */
export function div(a: Operand, b: Operand): Value {
  return fillIs(b, 1) ? unchanged(a, b) : binary('Div', a, b);
}

/** a^b. The exponents 1, 2, 0.5 and −1 become cheaper operations. */
export function pow(a: Value, exponent: Operand): Value {
  if (exponent === 1) return a;
  if (exponent === 2) return mul(a, a);
  if (exponent === 0.5) return sqrt(a);
  if (exponent === -1) return reciprocal(a);
  return binary('Pow', a, exponent);
}

/** The larger of both. Where they are equal, each gets half of the gradient. */
export function maximum(a: Operand, b: Operand): Value {
  return binary('Max', a, b);
}

/** The smaller of both. Where they are equal, each gets half of the gradient. */
export function minimum(a: Operand, b: Operand): Value {
  return binary('Min', a, b);
}

/** a modulo b for whole numbers; the result has the sign of b. */
export function mod(a: Value, b: Operand): Value {
  return binary('Mod', a, b);
}

/** a > b as bool. */
export function greater(a: Operand, b: Operand): Value {
  return binary('Greater', a, b);
}

/** a ≥ b as bool. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return binary('GreaterOrEqual', a, b);
}

/** a < b as bool. */
export function less(a: Operand, b: Operand): Value {
  return binary('Less', a, b);
}

/** a ≤ b as bool. */
export function lessOrEqual(a: Operand, b: Operand): Value {
  return binary('LessOrEqual', a, b);
}

/** a = b as bool. */
export function equal(a: Operand, b: Operand): Value {
  return binary('Equal', a, b);
}

/** Both, for bool values. */
export function and(a: Value, b: Value): Value {
  return binary('And', a, b);
}

/** Either, for bool values. */
export function or(a: Value, b: Value): Value {
  return binary('Or', a, b);
}

/** `yes` where the bool `condition` holds, else `no`; all three broadcast. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const [a, b] = operands('where', yes, no);
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, 'where'), 'where');
  const first = withoutExpand(a, broadcastShapes(condition.shape, b.shape), shape);
  const second = withoutExpand(b, broadcastShapes(condition.shape, first.shape), shape);
  return condition.graph.apply('Where', [condition, first, second], none)[0]!;
}
