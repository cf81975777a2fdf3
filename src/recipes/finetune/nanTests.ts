import type { OnnxModel, OnnxNode } from '../../graph/index.ts';

/**
 * The model with `IsNaN` written as "is not equal to itself". PyTorch's exporter puts one behind the softmax of every scaled_dot_product_attention, so that places which see nothing
 * give zeros (torch/onnx/_internal/exporter/_torchlib/ops/nn.py), and the import has no rule for it. Equal takes floats from operator set 11 on, the oldest that is imported.
 */
export function withoutNanTests(model: OnnxModel): OnnxModel {
  return { ...model, graph: { ...model.graph, nodes: model.graph.nodes.flatMap(comparedWithItself) } };
}

function comparedWithItself(node: OnnxNode): readonly OnnxNode[] {
  if (node.type !== 'IsNaN' || node.domain !== '') return [node];
  const [x = ''] = node.inputs;
  const same = `${node.outputs[0]}:same`;
  return [
    { ...node, type: 'Equal', inputs: [x, x], outputs: [same] },
    { ...node, name: same, type: 'Not', inputs: [same] },
  ];
}
