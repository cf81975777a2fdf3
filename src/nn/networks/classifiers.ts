import { relu, reshape, transpose, type Value } from '../../graph/index.ts';
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

/** Images [N, height, width, channels] → logits [N, classes] by two convolutions of stride 2 and one hidden layer. */
export function cnnClassifier(scope: Scope, images: Value, { width, classes }: ClassifierOptions): Value {
  const planes = transpose(images, [0, 3, 1, 2]);
  const first = scope.within('conv0', (inner) => convRelu(inner, planes, width));
  const second = scope.within('conv1', (inner) => convRelu(inner, first, 2 * width));
  const flat = reshape(second, [images.shape[0]!, -1]);
  const hidden = scope.within('hidden', (inner) => denseRelu(inner, flat, 8 * width));
  return scope.within('output', (inner) => linear(inner, hidden, classes));
}

function denseRelu(scope: Scope, x: Value, width: number): Value {
  return relu(linear(scope, x, width, { weight: heNormal(x.shape[1]!) }));
}

function convRelu(scope: Scope, x: Value, channels: number): Value {
  const kernel = 3;
  const weight = heNormal(x.shape[1]! * kernel * kernel);
  return relu(conv2d(scope, x, channels, { kernel, stride: 2, weight }));
}
