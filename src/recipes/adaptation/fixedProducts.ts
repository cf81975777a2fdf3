import { AppError } from '../../base/errors.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../../graph/index.ts';

/** A matrix product of a model with a weight of the file: a dense layer. */
export interface FixedProduct {
  readonly node: OnnxNode;
  readonly weight: OnnxTensor;
  /** The weight is [out, in] rather than [in, out]. */
  readonly transposed: boolean;
  /** The weight's name, or the node's where an exporter made the weight's up. */
  readonly name: string;
}

/** Products of something computed with a float32 matrix of the file, which an exporter may turn over first, in the order of the file. */
export function fixedProducts({ graph }: OnnxModel): readonly FixedProduct[] {
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return graph.nodes.flatMap((node) => {
    if (node.type !== 'MatMul' && node.type !== 'Gemm') return [];
    if (flag(node, 'transA') || tensors.has(node.inputs[0]!)) return [];
    const maker = makers.get(node.inputs[1]!);
    const turned = maker?.type === 'Transpose';
    const weight = tensors.get(turned ? maker.inputs[0]! : node.inputs[1]!);
    if (weight?.dtype !== 'float32' || weight.shape.length !== 2) return [];
    return [{ node, weight, transposed: turned !== flag(node, 'transB'), name: nameOf(weight, node) }];
  });
}

/**
 * Those whose names hold one of the words; without words, all but the last one, which gives the model's output. Throws AppError 'bad-config' that
 * names some where no name holds any.
 */
export function chosenProducts(model: OnnxModel, words: readonly string[]): readonly FixedProduct[] {
  const products = fixedProducts(model);
  const chosen =
    words.length === 0
      ? products.slice(0, -1)
      : products.filter(({ name }) => words.some((word) => name.includes(word)));
  if (chosen.length > 0) return chosen;
  const some = products.slice(0, 12).map(({ name }) => name);
  const there = some.length === 0 ? 'The model has none at all.' : `There are, for instance: ${some.join(', ')}.`;
  throw new AppError('bad-config', `No matrix product of the model is called like ${words.join(' or ')}. ${there}`, {
    hint: 'Set lora.targets to parts of those names, or leave it empty for all of them.',
  });
}

/** The product that gives the model's output. Throws AppError 'bad-config' where the model has none. */
export function lastProduct(model: OnnxModel): FixedProduct {
  const last = fixedProducts(model).at(-1);
  if (last !== undefined) return last;
  throw new AppError('bad-config', 'The model has no last layer: none of its matrix products has a fixed weight.');
}

/** Names that PyTorch's exporters give to tensors that they made themselves: `onnx::MatMul_12`, `val_93`. */
const madeUp = /^(onnx::.*|val_\d+|\d+)$/;

function nameOf({ name }: OnnxTensor, node: OnnxNode): string {
  if (!madeUp.test(name)) return name;
  return (node.name === '' ? node.outputs[0]! : node.name).replace(/^\//, '');
}

function flag({ attributes }: OnnxNode, name: string): boolean {
  const attribute = attributes[name];
  return attribute?.kind === 'int' && attribute.value !== 0;
}
