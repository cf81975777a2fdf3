import { packNumbers, unpackNumbers } from '../dtype.ts';
import { refuse } from '../shape.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.ts';

/**
 * One graph for any batch size out of two that were built alike for two different sizes. What differs between them depends on the batch:
 * the sizes of inputs and outputs become the dimension `name`, a target shape of Reshape leaves the differing size to be computed (-1),
 * and one of Expand keeps the size that its input has there (1). Throws where anything else differs.
 */
export function withSymbolicBatch(one: OnnxGraph, other: OnnxGraph, name: string): OnnxGraph {
  if (one.nodes.length !== other.nodes.length) throw unsuitable('two sizes give different operations');
  const others = new Map(other.initializers.map((tensor) => [tensor.name, tensor]));
  const varying = new Map(
    one.initializers.flatMap((tensor) => {
      const twin = others.get(tensor.name);
      return twin !== undefined && sameTensor(tensor, twin) ? [] : [[tensor.name, { tensor, twin }] as const];
    }),
  );
  const adapted = new Map<string, OnnxTensor>();
  const nodes = one.nodes.map((node, i) => {
    checkAlike(node, other.nodes[i]!);
    return { ...node, inputs: node.inputs.map((input) => adapt(node, input, varying.get(input), adapted)) };
  });
  return {
    ...one,
    nodes,
    initializers: [...one.initializers.filter((tensor) => !varying.has(tensor.name)), ...adapted.values()],
    inputs: one.inputs.map((info, i) => withName(info, other.inputs[i]!, name)),
    outputs: one.outputs.map((info, i) => withName(info, other.outputs[i]!, name)),
  };
}

interface Varying {
  readonly tensor: OnnxTensor;
  readonly twin: OnnxTensor | undefined;
}

/** What stands for the size of the batch in the target shape of an operation. */
const placeholders: Readonly<Record<string, number>> = { Reshape: -1, Expand: 1 };

/** The input of a node to use instead of one that varies with the batch: a tensor per kind of operation, since two may share a literal. */
function adapt(node: OnnxNode, input: string, varying: Varying | undefined, adapted: Map<string, OnnxTensor>): string {
  if (varying === undefined) return input;
  const placeholder = placeholders[node.type];
  const { tensor, twin } = varying;
  if (placeholder === undefined || twin === undefined || twin.shape.join() !== tensor.shape.join()) {
    throw unsuitable(`${node.name} needs numbers that depend on it`);
  }
  const theirs = unpackNumbers(twin.data, twin.dtype);
  const target = Array.from(unpackNumbers(tensor.data, tensor.dtype), (size, i) =>
    size === theirs[i] ? Number(size) : placeholder,
  );
  if (target.filter((size) => size === -1).length > 1) throw unsuitable(`${node.name} has two sizes that depend on it`);
  const name = `${input}:${node.type}`;
  adapted.set(name, { ...tensor, name, data: packNumbers(target, tensor.dtype) });
  return name;
}

function checkAlike(node: OnnxNode, twin: OnnxNode): void {
  const face = ({ type, inputs, outputs, attributes }: OnnxNode) =>
    JSON.stringify({ type, inputs, outputs, attributes });
  if (face(node) !== face(twin)) throw unsuitable(`${node.name} differs between two sizes`);
}

function withName(info: OnnxValueInfo, twin: OnnxValueInfo, name: string): OnnxValueInfo {
  return { ...info, shape: info.shape.map((size, axis) => (size === twin.shape[axis] ? size : name)) };
}

function sameTensor(a: OnnxTensor, b: OnnxTensor): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join() || a.data.length !== b.data.length) return false;
  return a.data.every((byte, i) => byte === b.data[i]);
}

function unsuitable(why: string): Error {
  return refuse(
    `This model cannot be written for any batch size: ${why}.`,
    'Derive it from an input, or write the model for one size.',
  );
}
