import { pad, relu, reshape, transpose, type Value } from '../../graph/index.ts';
import { heNormal } from '../initializers.ts';
import { conv2d, linear } from '../layers.ts';
import type { Scope } from '../scope.ts';

export interface ClassifierOptions {
  /** Units of each hidden layer (mlp), or channels of the first convolution (cnn). */
  readonly width: number;
  readonly classes: number;
}

/** Images [N, height, width, channels] → logits [N, classes] by two hidden layers. */
export function mlpClassifier(scope: Scope, images: Value, { width, classes }: ClassifierOptions): Value {
  const flat = reshape(images, [images.shape[0]!, -1]);
  const first = scope.within('layer0', (inner) => denseRelu(inner, flat, width));
  const second = scope.within('layer1', (inner) => denseRelu(inner, first, width));
  return scope.within('output', (inner) => linear(inner, second, classes));
}

/**
 * Images [N, height, width, channels] → logits [N, classes] by two convolutions and one hidden layer. The first convolution sees blocks
 * of 2 × 2 pixels as channels: it looks at 6 × 6 pixels for the price of a 3 × 3 kernel at half the resolution.
 */
export function cnnClassifier(scope: Scope, images: Value, { width, classes }: ClassifierOptions): Value {
  const first = scope.within('conv0', (inner) => convRelu(inner, blocksAsChannels(images), width, 1));
  const second = scope.within('conv1', (inner) => convRelu(inner, first, 2 * width, 2));
  const flat = reshape(second, [images.shape[0]!, -1]);
  const hidden = scope.within('hidden', (inner) => denseRelu(inner, flat, 8 * width));
  return scope.within('output', (inner) => linear(inner, hidden, classes));
}

/** [N, height, width, channels] → [N, 4·channels, height/2, width/2], with a row or column of zeros where a side is odd. */
function blocksAsChannels(images: Value): Value {
  const [examples, height, width, channels] = images.shape as [number, number, number, number];
  const even = pad(images, [0, 0, 0, 0], [0, height % 2, width % 2, 0]);
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const blocks = transpose(reshape(even, [examples, rows, 2, columns, 2, channels]), [0, 2, 4, 5, 1, 3]);
  return reshape(blocks, [examples, 4 * channels, rows, columns]);
}

function denseRelu(scope: Scope, x: Value, width: number): Value {
  return relu(linear(scope, x, width, { weight: heNormal(x.shape[1]!) }));
}

function convRelu(scope: Scope, x: Value, channels: number, stride: number): Value {
  return relu(conv2d(scope, x, channels, { stride, weight: heNormal(x.shape[1]! * 9) }));
}
