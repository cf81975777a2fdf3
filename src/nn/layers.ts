import { add, affine, conv, type Initializer, matmul, mul, type Value } from '../graph/index.ts';
import { scaledNormal, zeros } from './initializers.ts';
import type { Scope } from './scope.ts';

/** What dense and convolution layers may be told. */
export interface LayerOptions {
  /** True by default. */
  readonly bias?: boolean;
  /** `scaledNormal` of the fan-in by default. */
  readonly weight?: Initializer;
}

/** x [..., in] → [..., out]: x·W + b. Parameters `weight` [in, out] and `bias` [out]. */
export function linear(scope: Scope, x: Value, out: number, options: LayerOptions = {}): Value {
  const inputs = x.shape.at(-1)!;
  const weight = scope.parameter('weight', [inputs, out], options.weight ?? scaledNormal(inputs));
  return options.bias === false ? matmul(x, weight) : affine(x, weight, scope.parameter('bias', [out], zeros));
}

/**
 * A fixed layer with a learned change of low rank (Hu et al., arXiv 2106.09685, equation 3): x·W + (alpha / rank)·x·A·B. `weight` [in, out] is given,
 * for instance frozen; parameters `down` [in, rank] and `up` [rank, out], of which the second starts at zero, so that the layer starts as it was.
 */
export function loraLinear(
  scope: Scope,
  x: Value,
  weight: Value,
  { rank, alpha = rank }: { readonly rank: number; readonly alpha?: number },
): Value {
  const [inputs, outputs] = weight.shape as [number, number];
  const down = scope.parameter('down', [inputs, rank], scaledNormal(inputs), { decay: false });
  const up = scope.parameter('up', [rank, outputs], zeros, { decay: false });
  return add(matmul(x, weight), mul(matmul(matmul(x, down), up), alpha / rank));
}

/**
 * A convolution along one axis: x [N, C, L] → [N, out, L], with zeros on both sides, or before it alone where it is causal. Parameters `weight`
 * [out, C, kernel] and `bias` [out].
 */
export function conv1d(
  scope: Scope,
  x: Value,
  out: number,
  options: LayerOptions & { readonly kernel?: number; readonly dilation?: number; readonly causal?: boolean } = {},
): Value {
  const { kernel = 3, dilation = 1, causal = false } = options;
  const channels = x.shape[1]!;
  const weight = scope.parameter('weight', [out, channels, kernel], options.weight ?? scaledNormal(channels * kernel));
  const bias = options.bias === false ? {} : { bias: scope.parameter('bias', [out], zeros) };
  const reach = dilation * (kernel - 1);
  const before = causal ? reach : Math.floor(reach / 2);
  return conv(x, weight, { dilation, padding: [[before, reach - before]], ...bias });
}

/** What only convolutions may be told. */
export interface ConvLayerOptions extends LayerOptions {
  /** Side of the square kernel, 3 by default. */
  readonly kernel?: number;
  readonly stride?: number;
}

/** x [N, C, H, W] → [N, out, H/stride, W/stride] with zeros round it. Parameters `weight` [out, C, kernel, kernel] and `bias` [out]. */
export function conv2d(scope: Scope, x: Value, out: number, options: ConvLayerOptions = {}): Value {
  const { kernel = 3, stride = 1 } = options;
  const channels = x.shape[1]!;
  const initializer = options.weight ?? scaledNormal(channels * kernel * kernel);
  const weight = scope.parameter('weight', [out, channels, kernel, kernel], initializer);
  const bias = options.bias === false ? {} : { bias: scope.parameter('bias', [out], zeros) };
  return conv(x, weight, { stride, padding: Math.floor(kernel / 2), ...bias });
}
