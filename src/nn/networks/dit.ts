import { AppError } from '../../base/errors.ts';
import { add, concat, mul, reshape, silu, split, sub, transpose, type Value } from '../../graph/index.ts';
import { type ActivationName, activations } from '../activations.ts';
import { selfAttention } from '../attention.ts';
import { classEmbedding, timeFeatures } from '../embeddings.ts';
import { normal, zeros } from '../initializers.ts';
import { linear } from '../layers.ts';
import { rootMeanSquareNorm } from '../normalization.ts';
import type { Scope } from '../scope.ts';
import type { FieldInputs, ImageShape, VectorField } from '../vectorField.ts';

export interface DitOptions {
  /** Side of the square patches; must divide height and width. */
  readonly patch: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly classes: number;
  readonly activation: ActivationName;
}

/** Scale, shift and gate ahead of and behind the attention, and the same for the feed-forward part. */
const MODULATIONS = 6;

/**
 * A class-conditional diffusion transformer over patches (Peebles and Xie, arXiv 2212.09748) with adaptive normalization. The
 * modulation is computed once for all layers and each layer adds its own table (adaLN-single of PixArt-α, arXiv 2310.00426, §2.3), and
 * the norm is by root mean square: both save time and parameters.
 */
export function ditField(image: ImageShape, options: DitOptions): VectorField {
  const { patch, width, layers, heads } = options;
  checkSizes(image, options);
  const rows = image.height / patch;
  const columns = image.width / patch;
  const tokens = rows * columns;
  const values = patch * patch * image.channels;
  return {
    name: `dit-p${patch}-w${width}-l${layers}-h${heads}`,
    stateShape: [tokens, values],
    fromImages(images) {
      const blocks = reshape(images, [images.shape[0]!, rows, patch, columns, patch, image.channels]);
      return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [images.shape[0]!, tokens, values]);
    },
    toImages(states) {
      const blocks = reshape(states, [states.shape[0]!, rows, columns, patch, patch, image.channels]);
      const shape = [states.shape[0]!, image.height, image.width, image.channels];
      return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), shape);
    },
    evaluate(scope, inputs) {
      const condition = scope.within('condition', (inner) => embedCondition(inner, inputs, options));
      const positions = scope.parameter('positions', [1, tokens, width], normal(0.1), { decay: false });
      let hidden = scope.within('patches', (inner) => linear(inner, inputs.state, width, { bias: false }));
      hidden = add(hidden, positions);
      const shared = scope.within('modulation', (inner) =>
        linear(inner, condition, MODULATIONS * width, { bias: false, weight: normal(0.01) }),
      );
      for (let layer = 0; layer < layers; layer++) {
        hidden = scope.within(`layer${layer}`, (inner) => transformerLayer(inner, hidden, shared, options));
      }
      return scope.within('output', (inner) => outputLayer(inner, hidden, condition, values));
    },
  };
}

function embedCondition(scope: Scope, { r, t, labels }: FieldInputs, options: DitOptions): Value {
  const times = concat([timeFeatures(t), timeFeatures(sub(t, r))], 1);
  const time = scope.within('time', (inner) => linear(inner, times, options.width));
  const classes = scope.within('class', (inner) => classEmbedding(inner, labels, options.classes, options.width));
  return silu(add(time, classes));
}

function transformerLayer(scope: Scope, hidden: Value, shared: Value, options: DitOptions): Value {
  const { width, heads } = options;
  const [scale1, shift1, gate1, scale2, shift2, gate2] = layerModulation(scope, shared, width);
  const attended = scope.within('attention', (inner) => selfAttention(inner, modulate(hidden, scale1, shift1), heads));
  const between = add(hidden, mul(attended, gate1));
  const fed = scope.within('feedForward', (inner) => {
    const x = modulate(between, scale2, shift2);
    const wide = inner.within('in', (part) => linear(part, x, 4 * width, { bias: false }));
    const active = activations[options.activation](wide);
    return inner.within('out', (part) => linear(part, active, width, { bias: false, weight: zeros }));
  });
  return add(between, mul(fed, gate2));
}

type Six = readonly [Value, Value, Value, Value, Value, Value];

/** The shared modulation plus the layer's own table, whose scales and gates start at 1 and whose shifts start at 0. */
function layerModulation(scope: Scope, shared: Value, width: number): Six {
  const starts = [1, 0, 1, 1, 0, 1];
  const values = starts.flatMap((start) => new Array<number>(width).fill(start));
  const table = scope.parameter('modulation', [MODULATIONS * width], { kind: 'values', values });
  const rows = reshape(add(shared, table), [shared.shape[0]!, MODULATIONS, width]);
  return split(rows, new Array<number>(MODULATIONS).fill(1), 1) as unknown as Six;
}

function outputLayer(scope: Scope, hidden: Value, condition: Value, values: number): Value {
  const width = hidden.shape[2]!;
  const gains = scope.within('modulation', (inner) => linear(inner, condition, width, { weight: normal(0.01) }));
  const scale = add(reshape(gains, [gains.shape[0]!, 1, width]), 1);
  return scope.within('projection', (inner) =>
    linear(inner, mul(rootMeanSquareNorm(hidden), scale), values, { weight: zeros }),
  );
}

function modulate(hidden: Value, scale: Value, shift: Value): Value {
  return add(mul(rootMeanSquareNorm(hidden), scale), shift);
}

function checkSizes(image: ImageShape, { patch, width, heads }: DitOptions): void {
  if (image.height % patch !== 0 || image.width % patch !== 0) {
    const size = `${image.height} × ${image.width}`;
    throw new AppError('bad-config', `Images of ${size} cannot be cut into patches of ${patch} × ${patch}.`, {
      hint: 'Set network.patch to a number that divides both sides.',
    });
  }
  if (width % heads !== 0) {
    throw new AppError('bad-config', `A width of ${width} cannot be shared among ${heads} heads.`, {
      hint: 'Set network.width to a multiple of network.heads.',
    });
  }
}
