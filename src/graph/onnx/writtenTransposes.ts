import { packNumbers } from '../dtype.ts';
import { withBodies } from './bodies.ts';
import { makeNode } from './makeNode.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './model.ts';

/**
 * The same graph in which the transposed left factor of a product, which every gradient of a weight has, is written to memory before. ONNX Runtime would fold
 * the Transpose into its FusedMatMul (onnxruntime/core/optimizer/matmul_transpose_fusion.cc), but the CPU's product turns its left factor anew for every
 * strip of columns (onnxruntime/core/mlas/lib/sgemm.cpp), and several products share one factor: turned once, a product of 1024 rows with 256 columns
 * takes a quarter less time. The Transpose is written with three axes, one of which has size 1, since a plain one is folded. Bodies of loops are treated too.
 */
export function withWrittenTransposes(graph: OnnxGraph): OnnxGraph {
  const leftFactors = new Set(graph.nodes.flatMap(({ type, inputs }) => (type === 'MatMul' ? [inputs[0]!] : [])));
  const initializers = [...graph.initializers];
  const nodes = graph.nodes.flatMap((node) => {
    const isFolded = turnsMatrix(node) && leftFactors.has(node.outputs[0]!);
    return isFolded ? written(node, initializers) : [withBodies(node, withWrittenTransposes)];
  });
  return { ...graph, nodes, initializers };
}

function turnsMatrix({ type, attributes: { perm } }: OnnxNode): boolean {
  return type === 'Transpose' && perm?.kind === 'ints' && perm.value.join() === '1,0';
}

/** [m, n] as [1, m, n], turned to [n, 1, m], as [n, m]. */
function written(node: OnnxNode, initializers: OnnxTensor[]): readonly OnnxNode[] {
  const [x] = node.inputs as readonly [string];
  const [y] = node.outputs as readonly [string];
  const made = (part: string) => `%${part}/${y}`;
  const whole = (part: string, values: readonly number[]) =>
    initializers.push({
      name: made(part),
      dtype: 'int64',
      shape: [values.length],
      data: packNumbers(values, 'int64'),
    });
  whole('first axis', [0]);
  whole('rows and the rest', [0, -1]);
  const attributes = { perm: { kind: 'ints', value: [2, 0, 1] } } as const;
  return [
    makeNode('Unsqueeze', made('in one'), [x, made('first axis')]),
    makeNode('Transpose', node.name, [made('in one')], { output: made('turned'), attributes }),
    makeNode('Reshape', made('flat'), [made('turned'), made('rows and the rest')], { output: y }),
  ];
}
