import { add } from './build/binary.ts';
import { oneHot } from './build/indexing.ts';
import { matmul } from './build/linalg.ts';
import { narrow, reshape, swapLast } from './build/movement.ts';
import { nodeOf } from './inspect.ts';
import type { Node, Value } from './ir.ts';
import { sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/**
 * The same values, with every ScatterAdd whose table is not too large written as products with one-hot rows. A device that adds by atomic operations (CUDA's
 * ScatterND) adds in any order, and float sums depend on theirs; a matrix product has one. Costs table rows × updates × width multiplications, so that
 * `unorderedSums` stays true of tables for which that would be too many.
 */
export function withOrderedSums(outputs: readonly Value[]): readonly Value[] {
  const forms = new Map<Value, Value>();
  const form = (value: Value) => forms.get(value) ?? value;
  for (const node of nodesBehind(outputs)) {
    const inputs = node.inputs.map(form);
    const { graph } = node.outputs[0]!;
    const scatter = nodeOf(node.outputs[0]!, 'ScatterAdd');
    const isOrdered = scatter !== null && costOf(scatter) <= mostEntries;
    if (!isOrdered && inputs.every((input, i) => input === node.inputs[i])) continue;
    const made = graph.scope(node.scope, () =>
      isOrdered ? [addedInOrder(inputs as [Value, Value, Value])] : graph.apply(node.op, inputs, node.attributes),
    );
    node.outputs.forEach((output, i) => {
      forms.set(output, made[i]!);
    });
  }
  return outputs.map(form);
}

/** The nodes behind the outputs, bodies of scans included, that add several updates to one place in whatever order the device likes. */
export function unorderedSums(outputs: readonly Value[]): readonly Node[] {
  return nodesBehind(outputs).flatMap((node) => {
    const scan = nodeOf(node.outputs[0]!, 'Scan');
    if (scan === null) return node.op === 'ScatterAdd' ? [node] : [];
    const body = node.outputs[0]!.graph.bodies[scan.attributes.body]!;
    return unorderedSums([...body.state.map(({ next }) => next), ...body.perStep]);
  });
}

/** Entries of a one-hot matrix that is made at once: 64 MB. */
const entriesAtOnce = 2 ** 24;
/** Entries of all of them together: 50 000 words for 20 000 tokens. */
const mostEntries = 2 ** 30;

/** Rows of the table times rows that are added. */
function costOf({ inputs: [data, indices] }: Node<'ScatterAdd'>): number {
  return data!.shape[0]! * indices!.shape[0]!;
}

function addedInOrder([data, indices, updates]: readonly [Value, Value, Value]): Value {
  const [rows, count] = [data.shape[0]!, indices.shape[0]!];
  const width = sizeOf(data.shape.slice(1));
  const flat = reshape(updates, [count, width]);
  const places = reshape(indices, [count]);
  const atOnce = Math.max(1, Math.floor(entriesAtOnce / rows));
  let sum = reshape(data, [rows, width]);
  for (let start = 0; start < count; start += atOnce) {
    const size = Math.min(atOnce, count - start);
    const picked = oneHot(narrow(places, 0, start, size), rows, data.dtype);
    sum = add(sum, matmul(swapLast(picked), narrow(flat, 0, start, size)));
  }
  return reshape(sum, data.shape);
}
