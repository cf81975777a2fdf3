import type { NoAttributes, OpAttributes, OpName } from '../attributes.ts';
import type { DType } from '../dtype.ts';
import { fillOf, peel } from '../inspect.ts';
import type { Value } from '../ir.ts';
import { broadcastShapes, refuse, type Shape, sameShape } from '../shape.ts';
import { expand } from './movement.ts';

/** A value, or a number that takes the type of the other operand. */
export type Operand = Value | number;

/** Operations without attributes. */
export type PlainOp = { [Op in OpName]: OpAttributes[Op] extends NoAttributes ? Op : never }[OpName];

/** The attributes of operations that have none. */
export const none: NoAttributes = {};

/** A value of one number everywhere. */
export function filled(like: Value, value: number, shape: Shape = like.shape, dtype: DType = like.dtype): Value {
  return expand(like.graph.scalar(value, dtype), shape);
}

/** Applies an operation of one operand. */
export function unary(op: PlainOp, a: Value): Value {
  return a.graph.apply(op, [a], none)[0]!;
}

/** Applies an operation of two broadcasting operands. */
export function binary(op: PlainOp, left: Operand, right: Operand): Value {
  const [a, b] = operands(op, left, right);
  const shape = broadcastShapes(a.shape, b.shape, op);
  const first = withoutExpand(a, b.shape, shape);
  const second = withoutExpand(b, first.shape, shape);
  return a.graph.apply(op, [first, second], none)[0]!;
}

/** Both operands as values; a number takes the type of the other one. */
export function operands(what: string, left: Operand, right: Operand): [Value, Value] {
  if (typeof left !== 'number') {
    return typeof right === 'number' ? [left, left.graph.scalar(right, left.dtype)] : [left, right];
  }
  if (typeof right !== 'number') return [right.graph.scalar(left, right.dtype), right];
  throw refuse(`${what} was given two plain numbers.`, 'Make one of them a value with graph.scalar().');
}

/** Drops an Expand made by a derivative rule where the other operand stretches the result to the same shape. */
export function withoutExpand(value: Value, other: Shape, result: Shape): Value {
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
export function fillIs(operand: Operand, wanted: number): boolean {
  return fillIfKnown(operand) === wanted;
}

function fillIfKnown(operand: Operand): number | null {
  if (typeof operand === 'number') return operand;
  return operand.graph.isDeriving ? fillOf(operand) : null;
}

/** The product of two known fills. Happens at the start of a reverse pass: the seed 1 times the 1/n of a mean. */
export function foldedProduct(a: Operand, b: Operand): Value | null {
  const left = fillIfKnown(a);
  const right = fillIfKnown(b);
  if (left === null || right === null || (typeof a === 'number' && typeof b === 'number')) return null;
  const [x, y] = operands('Mul', a, b);
  return filled(x, left * right, broadcastShapes(x.shape, y.shape));
}

/** `kept`, stretched to the shape that it has together with the operand that changes nothing. */
export function unchanged(kept: Operand, dropped: Operand): Value {
  const [value, other] = operands('An operation', kept, dropped);
  return expand(value, broadcastShapes(value.shape, other.shape));
}
