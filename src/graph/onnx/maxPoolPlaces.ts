import type { OnnxGraph, OnnxNode } from './model.ts';

/**
 * The same graph in which a MaxPool gives its places, which its derivatives read, only where somebody reads them. WebGPU's kernel refuses to give them ("The Indices
 * output is not supported yet", onnxruntime/core/providers/webgpu/nn/pool.cc), though ONNX Runtime hands it such nodes.
 */
export function withoutUnusedPlaces(graph: OnnxGraph): OnnxGraph {
  const read = new Set([...graph.nodes.flatMap(readNames), ...graph.outputs.map(({ name }) => name)]);
  const nodes = graph.nodes.map((node) => {
    const [y, places] = node.outputs;
    return node.type === 'MaxPool' && places !== undefined && !read.has(places) ? { ...node, outputs: [y!] } : node;
  });
  return { ...graph, nodes };
}

/** The names of the nodes that give places: they must stay on the CPU where the device refuses them. */
export function nodesWithPlaces(graph: OnnxGraph): readonly string[] {
  return graph.nodes.flatMap((node) => [
    ...(node.type === 'MaxPool' && node.outputs.length > 1 ? [node.name] : []),
    ...bodiesOf(node).flatMap(nodesWithPlaces),
  ]);
}

function readNames(node: OnnxNode): readonly string[] {
  return [...node.inputs, ...bodiesOf(node).flatMap((body) => body.nodes.flatMap(readNames))];
}

function bodiesOf({ attributes }: OnnxNode): readonly OnnxGraph[] {
  return Object.values(attributes).flatMap((each) => (each.kind === 'graph' ? [each.value] : []));
}
