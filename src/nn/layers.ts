import { affine, conv, type Initializer, matmul, type Value } from '../graph/index.ts';
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
