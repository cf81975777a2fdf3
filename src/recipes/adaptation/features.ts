import { AppError } from '../../base/errors.ts';
import { type OnnxModel, reshape, type Value } from '../../graph/index.ts';
import { lastProduct } from './fixedWeights.ts';

/** The value of a model that something new is built on: the named one, else what its last matrix product sees. */
export function featuresOf(model: OnnxModel, { features }: { readonly features: string }): string {
  return features === '' ? lastProduct(model).node.inputs[0]! : features;
}

/** Features of each token, also with both axes in one, as [N, tokens, width]. Throws AppError 'bad-config' for what is none. */
export function perToken(value: Value, examples: number, length: number): Value {
  const width = value.shape.at(-1)!;
  if (value.shape.slice(0, -1).reduce((product, size) => product * size, 1) !== examples * length) {
    throw new AppError(
      'bad-config',
      `The features have the shape [${value.shape.join(', ')}] for ${examples} texts of ${length} tokens.`,
      {
        hint: 'Set features to a value [batch, numbers] or [batch, tokens, numbers] of the model.',
      },
    );
  }
  return reshape(value, [examples, length, width]);
}
