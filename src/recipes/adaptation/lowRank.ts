import {
  add,
  div,
  matmul,
  mul,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  sub,
  transpose,
  unpackNumbers,
  type Value,
} from '../../graph/index.ts';
import { scaledNormal, zeros } from '../../nn/initializers.ts';
import type { Scope } from '../../nn/scope.ts';
import type { Adaptation, AdaptedImport } from './adaptation.ts';
import { chosenWeights, type FixedWeight } from './fixedWeights.ts';

/**
 * Changes of low rank of chosen layers. `lora` (Hu et al., arXiv 2106.09685, equation 3): W + (alpha / rank)·A·B, of which A begins by chance and B at zero, so that the model begins as it
 * was. `dora` (Liu et al., arXiv 2402.09353, equation 5): the same, with each output's column of weights brought to a learned length, which begins as it is in the file; the length that it
 * is divided by is taken as a constant in the gradient (§4.3 there).
 */
export function lowRank(scope: Scope, model: OnnxModel, adaptation: Adaptation): AdaptedImport {
  const weights = chosenWeights(model, adaptation.targets);
  const products = new Map<OnnxNode, FixedWeight>();
  const kernels = new Map<OnnxTensor, FixedWeight>();
  for (const weight of weights) {
    if (weight.kind === 'product') products.set(weight.node, weight);
    else kernels.set(weight.weight, weight);
  }
  return {
    change: (node, inputs, [y]) => {
      const product = products.get(node);
      if (product === undefined || y === undefined) return undefined;
      return [changedProduct(scope, product, adaptation, { x: inputs[0]!, weight: inputs[1]!, bias: inputs[2], y })];
    },
    parameter: (tensor, graph) => {
      const kernel = kernels.get(tensor);
      if (kernel === undefined) return undefined;
      const fixed = graph.constant(unpackNumbers(tensor.data, tensor.dtype), tensor.shape, 'float32');
      return changedKernel(scope, kernel, adaptation, fixed);
    },
  };
}

/** Euclidean length of each output's weights: the magnitude with which `dora` begins. */
export function outputLengths({ weight, transposed, inputs, outputs }: FixedWeight): Float32Array {
  const values = unpackNumbers(weight.data, 'float32');
  return Float32Array.from({ length: outputs }, (_, o) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += values[transposed ? o * inputs + i : i * outputs + o]! ** 2;
    return Math.sqrt(sum);
  });
}

interface Product {
  readonly x: Value;
  readonly weight: Value;
  readonly bias: Value | undefined;
  readonly y: Value;
}

/** The layer's own output with what its change adds. The change is never multiplied out, since x·A·B takes less than x·(A·B). */
function changedProduct(
  scope: Scope,
  layer: FixedWeight,
  adaptation: Adaptation,
  { x, weight, bias, y }: Product,
): Value {
  const { down, up, magnitude } = factorsOf(scope, layer, adaptation);
  const { node } = layer;
  const change = mul(matmul(matmul(x, down), up), strength(adaptation) * floatOf(node, 'alpha'));
  if (magnitude === undefined) return add(y, change);
  const matrix = flagOf(node, 'transB') ? transpose(weight, [1, 0]) : weight;
  const changed = add(matrix, mul(matmul(down, up), strength(adaptation)));
  const factor = div(magnitude, stopGradient(lengthOver(changed, 0)));
  const plain = bias === undefined ? y : sub(y, mul(bias, floatOf(node, 'beta')));
  // y + (factor − 1)·plain + factor·change, so that the bias keeps its size.
  return add(y, sub(mul(add(plain, change), factor), plain));
}

/** A kernel [outputs, channels, …] with its change, as a matrix of its outputs. */
function changedKernel(scope: Scope, layer: FixedWeight, adaptation: Adaptation, fixed: Value): Value {
  const { down, up, magnitude } = factorsOf(scope, layer, adaptation);
  const { outputs, inputs } = layer;
  const matrix = reshape(fixed, [outputs, inputs]);
  const changed = add(matrix, mul(transpose(matmul(down, up), [1, 0]), strength(adaptation)));
  if (magnitude === undefined) return reshape(changed, fixed.shape);
  const factor = div(magnitude, stopGradient(lengthOver(changed, 1)));
  return reshape(mul(changed, reshape(factor, [outputs, 1])), fixed.shape);
}

function factorsOf(scope: Scope, layer: FixedWeight, { kind, rank }: Adaptation) {
  const { name, inputs, outputs } = layer;
  return scope.within(name, (inner) => ({
    down: inner.parameter('down', [inputs, rank], scaledNormal(inputs), { decay: false }),
    up: inner.parameter('up', [rank, outputs], zeros, { decay: false }),
    magnitude:
      kind === 'dora'
        ? inner.parameter('magnitude', [outputs], { kind: 'values', values: outputLengths(layer) }, { decay: false })
        : undefined,
  }));
}

function strength({ alpha, rank }: Adaptation): number {
  return alpha / rank;
}

function lengthOver(matrix: Value, axis: number): Value {
  return sqrt(reduceSum(mul(matrix, matrix), [axis], false));
}

/** Gemm multiplies its product by alpha and its bias by beta (https://onnx.ai/onnx/operators/onnx__Gemm.html). */
function floatOf({ attributes }: OnnxNode, name: 'alpha' | 'beta'): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' ? attribute.value : 1;
}

function flagOf({ attributes }: OnnxNode, name: string): boolean {
  const attribute = attributes[name];
  return attribute?.kind === 'int' && attribute.value !== 0;
}
