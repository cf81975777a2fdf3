import type { OpName } from './attributes.ts';
import { exposeNode, type Node, type Value } from './ir.ts';
import { sameShape } from './shape.ts';

/** Marks a value as held by the caller, so that no rule looks through the node behind it. */
export function expose(value: Value): Value {
  if (value.node !== null) exposeNode(value.node);
  return value;
}

/** The node behind a value if it applies `op`. */
export function nodeOf<Op extends OpName>(value: Value, op: Op): Node<Op> | null {
  return value.node?.op === op ? (value.node as unknown as Node<Op>) : null;
}

/** Like `nodeOf`, but only where the value may be bypassed: during derivation, and made by a rule. */
export function peel<Op extends OpName>(value: Value, op: Op): Node<Op> | null {
  return value.graph.isDeriving && value.node?.derived === true ? nodeOf(value, op) : null;
}

/** The same numbers in the same order as whatever computed them has them: what a Reshape was given, and the value itself where it comes from another node. */
export function unreshaped(value: Value): Value {
  const node = nodeOf(value, 'Reshape');
  return node === null ? value : unreshaped(node.inputs[0]!);
}

/** The number that a value holds everywhere, where that is known from the graph; otherwise null. */
export function fillOf(value: Value): number | null {
  if (value.source.kind === 'constant') return value.source.fill;
  const node = value.node;
  if (node !== null && (node.op === 'Expand' || node.op === 'Reshape')) return fillOf(node.inputs[0]!);
  return null;
}

/** True when both have the same shape and type. */
export function sameType(a: Value, b: Value): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
