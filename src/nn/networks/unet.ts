import { AppError } from '../../base/errors.ts';
import { add, concat, expand, reshape, resizeNearest, silu, transpose, type Value } from '../../graph/index.ts';
import { selfAttention } from '../attention.ts';
import { classEmbedding } from '../embeddings.ts';
import { zeros } from '../initializers.ts';
import { conv2d, linear } from '../layers.ts';
import { groupNorm, groupsFor, layerNorm } from '../normalization.ts';
import type { Scope } from '../scope.ts';
import type { FieldInputs, ImageShape, VectorField } from '../vectorField.ts';

export interface UnetOptions {
  /** Channels at full resolution; each halving doubles them, up to four times as many. */
  readonly width: number;
  /** How many times the resolution is halved. */
  readonly halvings: number;
  /** Residual blocks per resolution. */
  readonly blocks: number;
  /** Heads of the attention at the lowest resolution. */
  readonly heads: number;
  readonly classes: number;
}

/**
 * A U-Net (Ronneberger et al., arXiv 1505.04597) of residual blocks with GroupNorm and SiLU and attention at the lowest resolution
 * (Ho et al., arXiv 2006.11239, appendix B). Times are fused into the input as two more channels: state [N, C, H, W] with r and t
 * gives [N, C + 2, H, W]. The class is added in every residual block.
 */
export function unetField(image: ImageShape, options: UnetOptions): VectorField {
  const { height, width, channels } = image;
  checkSizes(image, options);
  return {
    name: `unet-w${options.width}-d${options.halvings}-b${options.blocks}-h${options.heads}`,
    stateShape: [channels, height, width],
    fromImages: (images) => transpose(images, [0, 3, 1, 2]),
    toImages: (states) => transpose(states, [0, 2, 3, 1]),
    evaluate(scope, inputs) {
      const condition = scope.within('class', (inner) =>
        silu(classEmbedding(inner, inputs.labels, options.classes, options.width)),
      );
      return evaluateUnet(scope, fuseTimes(inputs), condition, channels, options);
    },
  };
}

function evaluateUnet(scope: Scope, input: Value, condition: Value, channels: number, options: UnetOptions): Value {
  const block = (name: string, x: Value, width: number) =>
    scope.within(name, (inner) => residualBlock(inner, x, width, condition));
  const widthAt = (level: number) => options.width * Math.min(4, 2 ** level);
  let hidden = scope.within('in', (inner) => conv2d(inner, input, options.width));
  const skips: Value[] = [];
  for (let level = 0; level < options.halvings; level++) {
    for (let i = 0; i < options.blocks; i++) hidden = block(`down${level}/block${i}`, hidden, widthAt(level));
    skips.push(hidden);
    hidden = scope.within(`down${level}/halve`, (inner) => conv2d(inner, hidden, widthAt(level + 1), { stride: 2 }));
  }
  hidden = block('middle/block0', hidden, widthAt(options.halvings));
  hidden = scope.within('middle/attention', (inner) => attentionBlock(inner, hidden, options.heads));
  hidden = block('middle/block1', hidden, widthAt(options.halvings));
  for (let level = options.halvings - 1; level >= 0; level--) {
    hidden = scope.within(`up${level}/double`, (inner) => conv2d(inner, resizeNearest(hidden, 2), widthAt(level)));
    hidden = concat([hidden, skips[level]!], 1);
    for (let i = 0; i < options.blocks; i++) hidden = block(`up${level}/block${i}`, hidden, widthAt(level));
  }
  const last = scope.within('out/norm', (inner) => silu(groupNorm(inner, hidden, groupsFor(options.width))));
  return scope.within('out', (inner) => conv2d(inner, last, channels, { weight: zeros }));
}

/** The state with r and t as two more channels, each the same number everywhere. */
function fuseTimes({ state, r, t }: FieldInputs): Value {
  const [examples, , height, width] = state.shape as [number, number, number, number];
  const times = reshape(concat([r, t], 1), [examples, 2, 1, 1]);
  return concat([state, expand(times, [examples, 2, height, width])], 1);
}

/** x + conv(act(norm(conv(act(norm(x))) + class))), the second convolution starting at zero; a 1 × 1 convolution fits the width. */
function residualBlock(scope: Scope, x: Value, width: number, condition: Value): Value {
  const channels = x.shape[1]!;
  const normed = scope.within('norm0', (inner) => silu(groupNorm(inner, x, groupsFor(channels))));
  let hidden = scope.within('conv0', (inner) => conv2d(inner, normed, width, { bias: false }));
  const shift = scope.within('class', (inner) => linear(inner, condition, width));
  hidden = add(hidden, reshape(shift, [shift.shape[0]!, width, 1, 1]));
  const again = scope.within('norm1', (inner) => silu(groupNorm(inner, hidden, groupsFor(width))));
  const change = scope.within('conv1', (inner) => conv2d(inner, again, width, { weight: zeros }));
  if (channels === width) return add(x, change);
  return add(
    scope.within('skip', (inner) => conv2d(inner, x, width, { kernel: 1, bias: false })),
    change,
  );
}

function attentionBlock(scope: Scope, x: Value, heads: number): Value {
  const [examples, channels, height, width] = x.shape as [number, number, number, number];
  const tokens = transpose(reshape(x, [examples, channels, height * width]), [0, 2, 1]);
  const normed = scope.within('norm', (inner) => layerNorm(inner, tokens));
  const mixed = add(tokens, selfAttention(scope, normed, heads));
  return reshape(transpose(mixed, [0, 2, 1]), x.shape);
}

function checkSizes(image: ImageShape, { width, halvings, heads }: UnetOptions): void {
  const factor = 2 ** halvings;
  if (image.height % factor !== 0 || image.width % factor !== 0) {
    const size = `${image.height} × ${image.width}`;
    throw new AppError('bad-config', `Images of ${size} cannot be halved ${halvings} times.`, {
      hint: 'Set network.halvings lower.',
    });
  }
  const lowest = width * Math.min(4, factor);
  if (lowest % heads !== 0) {
    throw new AppError('bad-config', `A width of ${lowest} cannot be shared among ${heads} heads.`, {
      hint: 'Set network.width to a multiple of network.heads.',
    });
  }
}
