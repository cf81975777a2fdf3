// ResNet-18 for small images, which no recipe has.
import { add, reduceMean, relu, type Value } from '../../../src/graph/index.ts';
import { heNormal } from '../../../src/nn/initializers.ts';
import { conv2d, linear } from '../../../src/nn/layers.ts';
import { batchNorm } from '../../../src/nn/normalization.ts';
import type { Scope } from '../../../src/nn/scope.ts';

const stages = [
  { channels: 64, stride: 1 },
  { channels: 128, stride: 2 },
  { channels: 256, stride: 2 },
  { channels: 512, stride: 2 },
] as const;

/**
 * Images [N, 3, H, W] → logits [N, classes]: two blocks of two 3×3 convolutions at each of four resolutions (He et al., arXiv 1512.03385, table 1), with
 * the first layer for images of 32 × 32 (§4.2 there): a 3×3 kernel without pooling.
 */
export function resnet18(scope: Scope, images: Value, classes: number): Value {
  let hidden = relu(normedConv(scope, 'in', images, 64, {}));
  stages.forEach(({ channels, stride }, stage) => {
    hidden = scope.within(`stage${stage}/block0`, (inner) => block(inner, hidden, channels, stride));
    hidden = scope.within(`stage${stage}/block1`, (inner) => block(inner, hidden, channels, 1));
  });
  return scope.within('output', (inner) => linear(inner, reduceMean(hidden, [2, 3], false), classes));
}

function block(scope: Scope, x: Value, channels: number, stride: number): Value {
  const first = relu(normedConv(scope, 'conv0', x, channels, { stride }));
  const change = normedConv(scope, 'conv1', first, channels, {});
  const same = x.shape[1] === channels && stride === 1;
  return relu(add(change, same ? x : normedConv(scope, 'skip', x, channels, { stride, kernel: 1 })));
}

function normedConv(
  scope: Scope,
  name: string,
  x: Value,
  channels: number,
  options: { readonly stride?: number; readonly kernel?: number },
): Value {
  const fan = x.shape[1]! * (options.kernel ?? 3) ** 2;
  const convolved = scope.within(name, (inner) =>
    conv2d(inner, x, channels, { ...options, bias: false, weight: heNormal(fan) }),
  );
  return scope.within(`${name}/norm`, (inner) => batchNorm(inner, convolved).y);
}
