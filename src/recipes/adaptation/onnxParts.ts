import { type OnnxNode, type OnnxTensor, packNumbers } from '../../graph/index.ts';

/** A node of ai.onnx with one output, by whose name it is called. */
export function onnxNode(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { name: output, type, domain: '', inputs, outputs: [output], attributes };
}

/** A tensor of a file from plain numbers in row-major order. */
export function onnxTensor(
  name: string,
  dtype: OnnxTensor['dtype'],
  shape: readonly number[],
  values: ArrayLike<number>,
): OnnxTensor {
  return { name, dtype, shape, data: packNumbers(values, dtype) };
}
