import { packNumbers } from '../dtype.ts';
import { withBodies } from './bodies.ts';
import { makeNode } from './makeNode.ts';
import { intAttribute, type OnnxGraph, type OnnxNode, type OnnxTensor } from './model.ts';

/**
 * The same graph with every LogSoftmax as x − max x − log Σ exp(x − max x) and every Or as ¬(¬a ∧ ¬b), for devices without kernels for them
 * (onnxruntime/core/providers/webgpu/webgpu_execution_provider.cc lists WebGPU's). Bodies of loops are treated too.
 */
export function inCommonOperators(graph: OnnxGraph): OnnxGraph {
  const initializers: OnnxTensor[] = [...graph.initializers];
  const nodes = graph.nodes.flatMap((node) => {
    const write = node.domain === '' ? forms[node.type] : undefined;
    return write === undefined ? [withBodies(node, inCommonOperators)] : write(node, initializers);
  });
  return { ...graph, nodes, initializers };
}

type Write = (node: OnnxNode, initializers: OnnxTensor[]) => readonly OnnxNode[];

const forms: Readonly<Record<string, Write>> = { LogSoftmax: plainLogSoftmax, Or: plainOr };

function plainLogSoftmax(node: OnnxNode, initializers: OnnxTensor[]): readonly OnnxNode[] {
  const [x] = node.inputs as readonly [string];
  const [y] = node.outputs as readonly [string];
  const { axis } = node.attributes;
  const axes = `%axis/${y}`;
  const data = packNumbers([axis?.kind === 'int' ? axis.value : -1], 'int64');
  initializers.push({ name: axes, dtype: 'int64', shape: [1], data });
  const made = (part: string) => `%${part}/${node.name}`;
  const attributes = { keepdims: intAttribute(1) };
  return [
    makeNode('ReduceMax', made('largest'), [x, axes], { attributes }),
    makeNode('Sub', made('shifted'), [x, made('largest')]),
    makeNode('Exp', made('powers'), [made('shifted')]),
    makeNode('ReduceSum', made('sum'), [made('powers'), axes], { attributes }),
    makeNode('Log', made('logarithm'), [made('sum')]),
    makeNode('Sub', node.name, [made('shifted'), made('logarithm')], { output: y }),
  ];
}

function plainOr(node: OnnxNode): readonly OnnxNode[] {
  const [a, b] = node.inputs as readonly [string, string];
  const made = (part: string) => `%${part}/${node.name}`;
  return [
    makeNode('Not', made('not a'), [a]),
    makeNode('Not', made('not b'), [b]),
    makeNode('And', made('neither'), [made('not a'), made('not b')]),
    makeNode('Not', node.name, [made('neither')], { output: node.outputs[0]! }),
  ];
}
