import { add } from './build/binary.ts';
import { filled } from './build/operands.ts';
import { isFloating } from './dtype.ts';
import { expose } from './inspect.ts';
import type { JvpRule, Node, Value, VjpRule } from './ir.ts';
import { opTable } from './ops/table.ts';
import { refuse, sameShape, showShape, sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/**
 * Reverse mode: the derivatives of a loss of one element along each of `wrt`, as new values of the same shapes. What the loss does
 * not depend on gets zeros. `wrt` may be inputs, constants or anything computed, also a value that depends on another of them.
 * Throws `bad-argument` where an operation on the way has no rule.
 */
export function grad(loss: Value, wrt: readonly Value[]): Value[] {
  return tracedGrad(loss, wrt).gradients;
}

/** What `grad` made, and for which node of the forward pass. */
export interface TracedGrad {
  readonly gradients: Value[];
  /** Everything behind the loss, each node after those that feed it. */
  readonly forward: readonly Node[];
  /** Places in `forward` of the nodes whose rule was asked, from the last to the first, and the first id that its nodes may have; ids end at `endId`. */
  readonly passed: readonly { readonly place: number; readonly firstId: number }[];
  readonly endId: number;
}

/** Like `grad`, and says which nodes were made for which. A node that several rules would make belongs to the one that comes first, which is the latest in the forward pass. */
export function tracedGrad(loss: Value, wrt: readonly Value[]): TracedGrad {
  if (sizeOf(loss.shape) !== 1) {
    throw refuse(
      `grad needs a loss of one element, not ${showShape(loss.shape)}.`,
      'Reduce it with reduceSum() or reduceMean().',
    );
  }
  for (const value of [loss, ...wrt]) checkValue('grad', value, loss);
  const cotangents = new Map<Value, Value>([[loss, filled(loss, 1)]]);
  const forward = nodesBehind([loss]);
  const passed = pullBack(forward, cotangents, wrt);
  const endId = loss.graph.nextNodeId;
  return { gradients: wrt.map((value) => expose(cotangents.get(value) ?? filled(value, 0))), forward, passed, endId };
}

/**
 * Forward mode: the derivative of each output along the direction that gives every key of `seeds` its value as tangent; null where
 * an output does not depend on any of them. The results can be differentiated again with `grad`.
 * Throws `bad-argument` where an operation on the way has no rule, or where a seed has another shape than its key.
 */
export function jvp(outputs: readonly Value[], seeds: ReadonlyMap<Value, Value>): (Value | null)[] {
  for (const [value, seed] of seeds) {
    checkValue('jvp', value, seed);
    for (const output of outputs) checkValue('jvp', value, output);
    if (!sameShape(value.shape, seed.shape) || value.dtype !== seed.dtype) {
      throw refuse(
        `A tangent for ${showShape(value.shape)} ${value.dtype} cannot be ${showShape(seed.shape)} ${seed.dtype}.`,
      );
    }
  }
  const tangents = new Map<Value, Value>(seeds);
  for (const node of nodesBehind(outputs)) pushNode(node, tangents);
  return outputs.map((output) => {
    const tangent = tangents.get(output);
    return tangent === undefined ? null : expose(tangent);
  });
}

/** Walks from the loss back to `wrt` and adds up the cotangent of every value on the way. */
function pullBack(nodes: readonly Node[], cotangents: Map<Value, Value>, wrt: readonly Value[]): TracedGrad['passed'] {
  const dependent = dependentsOf(wrt, nodes);
  const passed: { place: number; firstId: number }[] = [];
  for (const [place, node] of [...nodes.entries()].reverse()) {
    const dys = node.outputs.map((output) => cotangents.get(output) ?? null);
    const needs = node.inputs.map((input) => dependent.has(input));
    const rule = opTable[node.op].vjp as VjpRule<Node['op']> | 'zero' | 'none';
    if (rule === 'zero' || !needs.includes(true) || dys.every((dy) => dy === null)) continue;
    if (rule === 'none') throw noRule(node, 'reverse');
    passed.push({ place, firstId: node.outputs[0]!.graph.nextNodeId });
    inScopeOf(node, () => {
      const contributions = rule(node, dys, needs);
      node.inputs.forEach((input, i) => {
        const contribution = contributions[i] ?? null;
        if (contribution === null || !needs[i]) return;
        const sum = cotangents.get(input);
        cotangents.set(input, sum === undefined ? contribution : add(sum, contribution));
      });
    });
  }
  return passed;
}

/** Every value that depends on one of the given ones, through operations whose derivative is not zero. */
function dependentsOf(values: readonly Value[], nodes: readonly Node[]): ReadonlySet<Value> {
  const dependent = new Set(values);
  for (const node of nodes) {
    if (opTable[node.op].vjp === 'zero' || !node.inputs.some((input) => dependent.has(input))) continue;
    for (const output of node.outputs) if (isFloating(output.dtype)) dependent.add(output);
  }
  return dependent;
}

function pushNode(node: Node, tangents: Map<Value, Value>): void {
  const dxs = node.inputs.map((input) => tangents.get(input) ?? null);
  const rule = opTable[node.op].jvp as JvpRule<Node['op']> | 'zero' | 'none';
  if (rule === 'zero' || dxs.every((dx) => dx === null)) return;
  if (rule === 'none') throw noRule(node, 'forward');
  const dys = inScopeOf(node, () => rule(node, dxs));
  node.outputs.forEach((output, i) => {
    const dy = dys[i] ?? null;
    // A value that was seeded keeps its seed: the direction was chosen there.
    if (dy !== null && !tangents.has(output)) tangents.set(output, dy);
  });
}

function inScopeOf<T>(node: Node, build: () => T): T {
  const graph = node.outputs[0]!.graph;
  const mark = `d(${node.scope})`;
  return graph.derive(node.scope.startsWith('d(') ? node.scope : mark, build);
}

function noRule(node: Node, mode: string): Error {
  return refuse(
    `${node.op} has no derivative in ${mode} mode.`,
    'Put stopGradient() in front of it if none is wanted.',
  );
}

function checkValue(what: string, value: Value, other: Value): void {
  if (!isFloating(value.dtype)) throw refuse(`${what} cannot differentiate along ${value.dtype} values.`);
  if (value.graph !== other.graph) throw refuse(`${what} was given values of two different graphs.`);
}
