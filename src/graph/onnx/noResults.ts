import { intAttribute, type OnnxGraph } from './model.ts';

/** The output that onnxruntime-node cannot hand over. */
export const noResult = '%none';

/**
 * A graph whose outputs are only written to arrays that the caller gives. When a run is done, onnxruntime-node copies every output into a new array of JavaScript, also those that were
 * written to the caller's (js/node/src/inference_session_wrap.cc and `OrtValueToNapiValue` of tensor_helper.cc, ONNX Runtime 1.30): for the gradients of a step, that takes as long as
 * the optimizer. It does so in the order of the outputs and refuses a sequence: with one as first output, all others are computed and none is copied. A binding that
 * took sequences would do the copies again, and nothing else would change.
 */
export function withoutResults(graph: OnnxGraph): OnnxGraph {
  const node = {
    name: 'none',
    type: 'SequenceEmpty',
    domain: '',
    inputs: [],
    outputs: [noResult],
    attributes: { dtype: intAttribute(1) },
  };
  const output = { name: noResult, dtype: 'float32', shape: [], isSequence: true } as const;
  return { ...graph, nodes: [node, ...graph.nodes], outputs: [output, ...graph.outputs] };
}
