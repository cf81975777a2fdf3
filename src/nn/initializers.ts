import type { Initializer } from '../graph/index.ts';

/** Starts of parameters. Random ones are drawn by the trainer from the seed of the run, see `ParameterPack.initialValues`. */
export const zeros: Initializer = { kind: 'zeros' };
export const ones: Initializer = { kind: 'ones' };

/** Normal with standard deviation gain / √fanIn: keeps the variance of a signal for gain 1 (LeCun et al., "Efficient BackProp", 1998, §4.6). */
export function scaledNormal(fanIn: number, gain = 1): Initializer {
  return { kind: 'normal', std: gain / Math.sqrt(fanIn) };
}

/** For a layer ahead of a ReLU: scaledNormal with gain √2 (He et al., arXiv 1502.01852, equation 10). */
export function heNormal(fanIn: number): Initializer {
  return scaledNormal(fanIn, Math.SQRT2);
}

/** Normal with a given standard deviation, for embeddings. */
export function normal(std: number): Initializer {
  return { kind: 'normal', std };
}
