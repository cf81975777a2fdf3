import { AppError } from '../../base/errors.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../../graph/index.ts';

/** A dense layer or a convolution of a model with a weight of the file. The weight is a matrix: of a convolution, [outputs, channels × places of the kernel]. */
export interface FixedWeight {
  readonly kind: 'product' | 'convolution';
  readonly node: OnnxNode;
  readonly weight: OnnxTensor;
  /** The matrix is [outputs, inputs] in the file rather than [inputs, outputs]. */
  readonly transposed: boolean;
  readonly inputs: number;
  readonly outputs: number;
  /** The weight's name; where an exporter made that up, the node's; and where it made that up too, the one that goes with the name of the bias. */
  readonly name: string;
}

/** Products of something computed with a float32 matrix of the file, which an exporter may turn over first, and convolutions with a float32 kernel of the file, in the order of the file. */
export function fixedWeights({ graph }: OnnxModel): readonly FixedWeight[] {
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const biases = biasNames(graph.nodes, tensors);
  return graph.nodes.flatMap((node) => {
    if (node.type === 'Conv') return fixedConvolution(node, tensors);
    if (node.type === 'MatMul' || node.type === 'Gemm') return fixedProduct(node, tensors, makers, biases);
    return [];
  });
}

/** Dense layers alone. */
export function fixedProducts(model: OnnxModel): readonly FixedWeight[] {
  return fixedWeights(model).filter(({ kind }) => kind === 'product');
}

/**
 * Those whose names hold one of the words; without words, all but the last product, which gives the model's output. Throws AppError 'bad-config' that
 * names some where no name holds any.
 */
export function chosenWeights(model: OnnxModel, words: readonly string[]): readonly FixedWeight[] {
  const weights = fixedWeights(model);
  const last = weights.findLast(({ kind }) => kind === 'product');
  const chosen =
    words.length === 0
      ? weights.filter((each) => each !== last)
      : weights.filter(({ name }) => words.some((word) => name.includes(word)));
  if (chosen.length > 0) return chosen;
  const some = weights.slice(0, 12).map(({ name }) => name);
  const there = some.length === 0 ? 'The model has none at all.' : `There are, for instance: ${some.join(', ')}.`;
  const wanted = words.length === 0 ? '' : ` is called like ${words.join(' or ')}`;
  throw new AppError('bad-config', `No layer of the model with a fixed weight${wanted}. ${there}`, {
    hint: 'Set lora.targets to parts of those names, or leave it empty for all of them.',
  });
}

/** The product that gives the model's output. Throws AppError 'bad-config' where the model has none. */
export function lastProduct(model: OnnxModel): FixedWeight {
  const last = fixedProducts(model).at(-1);
  if (last !== undefined) return last;
  throw new AppError('bad-config', 'The model has no last layer: none of its matrix products has a fixed weight.');
}

type Tensors = ReadonlyMap<string, OnnxTensor>;

/** Names of the tensors that are added to values, by the names of those. */
function biasNames(nodes: readonly OnnxNode[], tensors: Tensors): ReadonlyMap<string, string> {
  const sums = nodes.filter(({ type }) => type === 'Add').map(({ inputs }) => inputs);
  return new Map(
    sums.flatMap(([a = '', b = '']) => (tensors.has(b) ? [[a, b] as const] : tensors.has(a) ? [[b, a] as const] : [])),
  );
}

function fixedProduct(
  node: OnnxNode,
  tensors: Tensors,
  makers: ReadonlyMap<string, OnnxNode>,
  biases: ReadonlyMap<string, string>,
): FixedWeight[] {
  if (flag(node, 'transA') || tensors.has(node.inputs[0]!)) return [];
  const maker = makers.get(node.inputs[1]!);
  const turned = maker?.type === 'Transpose';
  const weight = tensors.get(turned ? maker.inputs[0]! : node.inputs[1]!);
  if (weight?.dtype !== 'float32' || weight.shape.length !== 2) return [];
  const transposed = turned !== flag(node, 'transB');
  const [inputs, outputs] = (transposed ? weight.shape.toReversed() : weight.shape) as [number, number];
  const bias = biases.get(node.outputs[0]!);
  return [{ kind: 'product', node, weight, transposed, inputs, outputs, name: nameOf(weight, node, bias) }];
}

function fixedConvolution(node: OnnxNode, tensors: Tensors): FixedWeight[] {
  const weight = tensors.get(node.inputs[1]!);
  if (weight?.dtype !== 'float32' || weight.shape.length < 3) return [];
  const [outputs, ...kernel] = weight.shape as [number, ...number[]];
  const inputs = kernel.reduce((product, size) => product * size, 1);
  return [{ kind: 'convolution', node, weight, transposed: true, inputs, outputs, name: nameOf(weight, node) }];
}

/** Names that PyTorch's exporters give to tensors that they made themselves: `onnx::MatMul_12`, `val_93`. */
const madeUp = /^(onnx::.*|val_\d+|\d+)$/;

/** What its newer one calls a node that it took from a layer apart: nothing of the layer's name is in it. */
const madeUpNode = /^(node_\w+|)$/;

function nameOf({ name }: OnnxTensor, node: OnnxNode, bias?: string): string {
  if (!madeUp.test(name)) return name;
  if (madeUpNode.test(node.name) && bias?.endsWith('.bias')) return bias.replace(/bias$/, 'weight');
  return (node.name === '' ? node.outputs[0]! : node.name).replace(/^\//, '');
}

function flag({ attributes }: OnnxNode, name: string): boolean {
  const attribute = attributes[name];
  return attribute?.kind === 'int' && attribute.value !== 0;
}
