import type { OpName } from '../attributes.ts';
import { add } from '../build/binary.ts';
import { expand } from '../build/movement.ts';
import { type DType, isFloating } from '../dtype.ts';
import type { Literal, Node, OpDefinition, TensorType, Value } from '../ir.ts';
import { broadcastShapes, refuse, type Shape } from '../shape.ts';

/** a + b where null stands for zero. */
export function addTangents(a: Value | null, b: Value | null): Value | null {
  if (a === null || b === null) return a ?? b;
  return add(a, b);
}

/** A tangent stretched to the shape of what it is the tangent of. */
export function stretch(tangent: Value | null, shape: Shape): Value | null {
  return tangent === null ? null : expand(tangent, shape);
}

/** A tensor of zeros, for the parts of a derivative that nothing depends on. */
export function zeros(like: Value): Value {
  return expand(like.graph.scalar(0, like.dtype), like.shape);
}

/** int64 vector that exists only in the encoded model. */
export function int64Literal(values: readonly number[]): Literal {
  return { dtype: 'int64', shape: [values.length], values };
}

/** The type of the first input. */
export function sameAsInput(inputs: readonly Value[]): readonly TensorType[] {
  const { shape, dtype } = inputs[0]!;
  return [{ shape, dtype }];
}

/** The common type of two broadcasting inputs. */
export function broadcastType(what: string, a: Value, b: Value): TensorType {
  sameDType(what, [a, b]);
  return { shape: broadcastShapes(a.shape, b.shape, what), dtype: a.dtype };
}

/** The type that all inputs have. Throws where they differ. */
export function sameDType(what: string, inputs: readonly Value[]): DType {
  const dtype = inputs[0]!.dtype;
  const other = inputs.find((input) => input.dtype !== dtype);
  if (other !== undefined) {
    throw refuse(`${what} was given the types ${dtype} and ${other.dtype}.`, 'Convert one of them with cast().');
  }
  return dtype;
}

/** Throws where a type has no derivative-carrying numbers. */
export function needFloating(what: string, value: Value): void {
  if (!isFloating(value.dtype)) {
    throw refuse(`${what} needs floating-point values, not ${value.dtype}.`, 'Convert with cast().');
  }
}

/**
 * Definition of an operation that is linear in its only input, given how it acts (for tangents) and how its transpose acts
 * (for cotangents).
 */
export function linear<Op extends OpName>(definition: {
  readonly infer: OpDefinition<Op>['infer'];
  readonly onnx?: NonNullable<OpDefinition<Op>['onnx']>;
  readonly forward: (dx: Value, node: Node<Op>) => Value;
  readonly transposed: (dy: Value, node: Node<Op>) => Value;
}): OpDefinition<Op> {
  const { infer, onnx, forward, transposed } = definition;
  return {
    infer,
    ...(onnx === undefined ? {} : { onnx }),
    vjp: (node, [dy]) => [dy ? transposed(dy, node) : null],
    jvp: (node, [dx]) => [dx ? forward(dx, node) : null],
  };
}
