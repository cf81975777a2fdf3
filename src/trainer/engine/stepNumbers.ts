import type { ProductPrecision } from '../../graph/index.ts';

/** How the numbers of a step are computed, beside the program itself. */
export interface StepNumbers {
  /** Products of 16 bits; absent: float32 throughout. */
  readonly precision?: ProductPrecision;
  /** Parts that a batch is cut into, which pass through the network one after another; the gradient is their mean. 1 by default. */
  readonly accumulate?: number;
  /** Most of the forward pass is computed a second time instead of being kept for the backward pass, where that saves memory (`withRecomputation`). The numbers stay the same but for last bits. */
  readonly recompute?: boolean;
  /** Sums of gradients that several rows of a table receive are taken in one order. */
  readonly ordered?: boolean;
}

/** Whether gradients are too small or too large for the type of the products, so that the loss must be scaled: float16 has no more than 5 bits of exponent. */
export function scalesLoss({ precision }: StepNumbers): boolean {
  return precision?.type === 'float16';
}
