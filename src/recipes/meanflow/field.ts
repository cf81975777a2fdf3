import { ditField } from '../../nn/networks/dit.ts';
import { mlpField } from '../../nn/networks/mlp.ts';
import { unetField } from '../../nn/networks/unet.ts';
import { type ImageShape, type VectorField, withLinearPart } from '../../nn/vectorField.ts';
import type { ImageFacts } from '../recipe.ts';
import type { MeanFlowConfig, NetworkKind, NetworkSizes } from './config.ts';

/** Variance that is assumed of pixels from −1 to 1 within a class. A rough value does: the network learns the rest. */
const ASSUMED_VARIANCE = 0.25;

/** The network of a configuration, for images of the data set. Throws 'bad-config' where sizes do not fit. */
export function fieldOf(config: MeanFlowConfig, data: ImageFacts): VectorField {
  const field = fields[config.network](data, config.sizes, data.classes);
  if (!config.linearPart) return field;
  return { ...withLinearPart(field, ASSUMED_VARIANCE), name: `${field.name}-linear` };
}

const fields: {
  readonly [Kind in NetworkKind]: (image: ImageShape, sizes: NetworkSizes, classes: number) => VectorField;
} = {
  dit: (image, sizes, classes) => ditField(image, { ...sizes, patch: sizes.patch ?? usualPatch(image), classes }),
  unet: (image, sizes, classes) => unetField(image, { ...sizes, classes }),
  mlp: (image, sizes, classes) => mlpField(image, { ...sizes, classes }),
};

/** The largest side up to 8 of which at least two fit into each side of an image: 7 for 28 pixels, 8 for 32. */
function usualPatch({ height, width }: ImageShape): number {
  const fits = (patch: number) => [height, width].every((side) => side % patch === 0 && side >= 2 * patch);
  return [8, 7, 6, 5, 4, 3, 2].find(fits) ?? 1;
}
