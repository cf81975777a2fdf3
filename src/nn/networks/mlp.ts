import { concat, reshape, silu, sub } from '../../graph/index.ts';
import { classEmbedding, timeFeatures } from '../embeddings.ts';
import { zeros } from '../initializers.ts';
import { linear } from '../layers.ts';
import type { ImageShape, VectorField } from '../vectorField.ts';

export interface MlpFieldOptions {
  readonly width: number;
  readonly layers: number;
  readonly classes: number;
}

/** Dense layers with SiLU over the pixels in a row, the features of both times and an embedding of the class. */
export function mlpField(image: ImageShape, options: MlpFieldOptions): VectorField {
  const { height, width, channels } = image;
  const pixels = height * width * channels;
  return {
    name: `mlp-w${options.width}-l${options.layers}`,
    stateShape: [pixels],
    fromImages: (images) => reshape(images, [images.shape[0]!, pixels]),
    toImages: (states) => reshape(states, [states.shape[0]!, height, width, channels]),
    evaluate(scope, { state, r, t, labels }) {
      const label = scope.within('class', (inner) => classEmbedding(inner, labels, options.classes, 32));
      let hidden = concat([state, timeFeatures(t), timeFeatures(sub(t, r)), label], 1);
      for (let layer = 0; layer < options.layers; layer++) {
        hidden = scope.within(`layer${layer}`, (inner) => silu(linear(inner, hidden, options.width)));
      }
      return scope.within('output', (inner) => linear(inner, hidden, pixels, { weight: zeros }));
    },
  };
}
