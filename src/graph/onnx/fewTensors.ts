import { packNumbers, unpackNumbers } from '../dtype.ts';
import { withBodies } from './bodies.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './model.ts';

/**
 * The same graph in which no Split has more than `most` − 1 outputs and no Concat more than `most` − 1 inputs: GPU programs may touch
 * only so many buffers (WebGPU promises eight, https://www.w3.org/TR/webgpu/#limits, and ONNX Runtime fails beyond the adapter's number).
 * A Split becomes one Slice per part, a Concat a tree. Bodies of loops are treated too.
 */
export function withFewTensors(graph: OnnxGraph, most: number): OnnxGraph {
  const initializers = [...graph.initializers];
  const known = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  const narrowing = { most, initializers, known };
  const nodes = graph.nodes.flatMap((node) =>
    narrowNode(
      withBodies(node, (body) => withFewTensors(body, most)),
      narrowing,
    ),
  );
  return { ...graph, nodes, initializers };
}

interface Narrowing {
  readonly most: number;
  readonly initializers: OnnxTensor[];
  readonly known: ReadonlyMap<string, OnnxTensor>;
}

function narrowNode(node: OnnxNode, narrowing: Narrowing): readonly OnnxNode[] {
  const limit = narrowing.most - 1;
  if (node.type === 'Split' && node.outputs.length > limit) return slices(node, narrowing);
  if (node.type === 'Concat' && node.inputs.length > limit) return concatTree(node, limit);
  return [node];
}

function slices(node: OnnxNode, { known, initializers }: Narrowing): readonly OnnxNode[] {
  const [data, sizesName] = node.inputs as readonly [string, string];
  const sizes = known.get(sizesName);
  // A split whose sizes are computed cannot be written as slices; ours never are.
  if (sizes === undefined) return [node];
  const axes = integer(`${sizesName}/axis of ${node.name}`, axisOf(node));
  initializers.push(axes);
  let start = 0;
  return [...unpackNumbers(sizes.data, sizes.dtype)].map((size, i) => {
    const output = node.outputs[i]!;
    const starts = integer(`%from ${start}/${node.name}`, start);
    const ends = integer(`%to ${start + size}/${i}/${node.name}`, start + size);
    initializers.push(starts, ends);
    start += size;
    const inputs = [data, starts.name, ends.name, axes.name];
    return { name: `${node.name}/${i}`, type: 'Slice', domain: '', inputs, outputs: [output], attributes: {} };
  });
}

/** Joins neighbours in groups until one group is left. */
function concatTree(node: OnnxNode, limit: number): readonly OnnxNode[] {
  const made: OnnxNode[] = [];
  let names = node.inputs;
  for (let level = 0; names.length > limit; level++) {
    const joined: string[] = [];
    for (let at = 0; at < names.length; at += limit) {
      const group = names.slice(at, at + limit);
      const output = `%join ${level}.${joined.length}/${node.outputs[0]}`;
      if (group.length > 1)
        made.push({ ...node, name: `${node.name}/${level}.${joined.length}`, inputs: group, outputs: [output] });
      joined.push(group.length > 1 ? output : group[0]!);
    }
    names = joined;
  }
  return [...made, { ...node, inputs: names }];
}

function axisOf(node: OnnxNode): number {
  const axis = node.attributes['axis'];
  return axis?.kind === 'int' ? axis.value : 0;
}

function integer(name: string, value: number): OnnxTensor {
  return { name, dtype: 'int64', shape: [1], data: packNumbers([value], 'int64') };
}
