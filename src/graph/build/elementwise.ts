import type { NoAttributes, OpAttributes, OpName } from '../attributes.ts';
import type { DType } from '../dtype.ts';
import { fillOf, peel, type Value } from '../ir.ts';
import { broadcastShapes, refuse, type Shape, sameShape } from '../shape.ts';
import { expand } from './movement.ts';

/** A value, or a number that takes the type of the other operand. */
export type Operand = Value | number;

type PlainOp = { [Op in OpName]: OpAttributes[Op] extends NoAttributes ? Op : never }[OpName];

const none: NoAttributes = {};

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
  const product = foldedProduct(a, b);
  return product ?? binary('Mul', a, b);
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

/** Turns a bool value round. */
export function not(a: Value): Value {
  return unary('Not', a);
}

/** `yes` where the bool `condition` holds, else `no`; all three broadcast. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const [a, b] = operands('where', yes, no);
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, 'where'), 'where');
  const first = withoutExpand(a, broadcastShapes(condition.shape, b.shape), shape);
  const second = withoutExpand(b, broadcastShapes(condition.shape, first.shape), shape);
  return condition.graph.apply('Where', [condition, first, second], none)[0]!;
}

/** −a */
export function neg(a: Value): Value {
  const inner = peel(a, 'Neg');
  return inner === null ? unary('Neg', a) : inner.inputs[0]!;
}

/** eᵃ */
export function exp(a: Value): Value {
  return unary('Exp', a);
}

/** Natural logarithm. */
export function log(a: Value): Value {
  return unary('Log', a);
}

/** √a */
export function sqrt(a: Value): Value {
  return unary('Sqrt', a);
}

/** The error function 2/√π ∫₀ᵃ exp(−t²) dt. */
export function erf(a: Value): Value {
  return unary('Erf', a);
}

export function sin(a: Value): Value {
  return unary('Sin', a);
}

export function cos(a: Value): Value {
  return unary('Cos', a);
}

export function tanh(a: Value): Value {
  return unary('Tanh', a);
}

/** 1 / (1 + e⁻ᵃ) */
export function sigmoid(a: Value): Value {
  return unary('Sigmoid', a);
}

/** max(a, 0); the derivative at 0 is 0. */
export function relu(a: Value): Value {
  return unary('Relu', a);
}

/** a · sigmoid(a) (Elfwing, Uchibe and Doya, arXiv 1702.03118), with fewer passes backwards than the product written out. */
export function silu(a: Value): Value {
  return a.graph.apply('Silu', [a, sigmoid(a)], none)[0]!;
}

/** a · Φ(a) with the exact normal distribution function (Hendrycks and Gimpel, arXiv 1606.08415). */
export function gelu(a: Value): Value {
  const share = add(mul(erf(mul(a, Math.SQRT1_2)), 0.5), 0.5);
  return a.graph.apply('Gelu', [a, share], none)[0]!;
}

/** max(a, 0)² (So et al., arXiv 2109.08668). Its derivative is continuous and takes the fewest passes of all these functions. */
export function squaredRelu(a: Value): Value {
  return a.graph.apply('SquaredRelu', [a, relu(a)], none)[0]!;
}

/** |a|; the derivative at 0 is 0. */
export function abs(a: Value): Value {
  return unary('Abs', a);
}

/** 1 / a */
export function reciprocal(a: Value): Value {
  return unary('Reciprocal', a);
}

/** The largest whole number not above a. Its derivative is zero. */
export function floor(a: Value): Value {
  return unary('Floor', a);
}

/** A copy. Costs memory traffic at run time: use only where another name is needed. */
export function identity(a: Value): Value {
  return unary('Identity', a);
}

/** The same value, as a constant for both modes of differentiation. Costs nothing at run time. */
export function stopGradient(a: Value): Value {
  return unary('StopGradient', a);
}

/** The same numbers as another type. Nothing happens where the type is right already. */
export function cast(a: Value, to: DType): Value {
  return a.dtype === to ? a : a.graph.apply('Cast', [a], { to })[0]!;
}

/** A value of one number everywhere. */
export function filled(like: Value, value: number, shape: Shape = like.shape, dtype: DType = like.dtype): Value {
  return expand(like.graph.scalar(value, dtype), shape);
}

function unary(op: PlainOp, a: Value): Value {
  return a.graph.apply(op, [a], none)[0]!;
}

function binary(op: PlainOp, left: Operand, right: Operand): Value {
  const [a, b] = operands(op, left, right);
  const shape = broadcastShapes(a.shape, b.shape, op);
  const first = withoutExpand(a, b.shape, shape);
  const second = withoutExpand(b, first.shape, shape);
  return a.graph.apply(op, [first, second], none)[0]!;
}

function operands(what: string, left: Operand, right: Operand): [Value, Value] {
  if (typeof left !== 'number') {
    return typeof right === 'number' ? [left, left.graph.scalar(right, left.dtype)] : [left, right];
  }
  if (typeof right !== 'number') return [right.graph.scalar(left, right.dtype), right];
  throw refuse(`${what} was given two plain numbers.`, 'Make one of them a value with graph.scalar().');
}

/** Drops an Expand made by a derivative rule where the other operand stretches the result to the same shape. */
function withoutExpand(value: Value, other: Shape, result: Shape): Value {
  const inner = peel(value, 'Expand')?.inputs[0];
  if (inner === undefined || !stretchesTo(inner.shape, other, result)) return value;
  return inner;
}

function stretchesTo(a: Shape, b: Shape, result: Shape): boolean {
  return sameShape(broadcastShapes(a, b), result);
}

/**
 * True when the operand is known to hold one number everywhere. A caller's own value counts only while derivative rules run:
 * the caller may later ask for the derivative along it, so it must stay in the graph.
 */
function fillIs(operand: Operand, wanted: number): boolean {
  return fillIfKnown(operand) === wanted;
}

function fillIfKnown(operand: Operand): number | null {
  if (typeof operand === 'number') return operand;
  return operand.graph.isDeriving ? fillOf(operand) : null;
}

/** The product of two known fills. Happens at the start of a reverse pass: the seed 1 times the 1/n of a mean. */
function foldedProduct(a: Operand, b: Operand): Value | null {
  const left = fillIfKnown(a);
  const right = fillIfKnown(b);
  if (left === null || right === null || (typeof a === 'number' && typeof b === 'number')) return null;
  const [x, y] = operands('Mul', a, b);
  return filled(x, left * right, broadcastShapes(x.shape, y.shape));
}

/** `kept`, stretched to the shape that it has together with the operand that changes nothing. */
function unchanged(kept: Operand, dropped: Operand): Value {
  const [value, other] = operands('An operation', kept, dropped);
  return expand(value, broadcastShapes(value.shape, other.shape));
}
