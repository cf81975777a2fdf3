import type { ImportOptions } from '../../graph/index.ts';

/** What of a model from elsewhere changes in training. Everything else stays as it is in the file and has no state of an optimizer. */
export const adaptKinds = ['all', 'lora', 'dora', 'head', 'soft-prompt'] as const;
export type AdaptKind = (typeof adaptKinds)[number];

export interface Adaptation {
  readonly kind: AdaptKind;
  readonly rank: number;
  readonly alpha: number;
  /** Parts of names of layers; none: all but the last. */
  readonly targets: readonly string[];
  /** Learned vectors of a soft prompt. */
  readonly promptTokens: number;
  /** Tokens that stay ahead of them: none, unless a model sees its answer at its first place. */
  readonly promptBehind?: number;
}

/** How a model is imported so that the adapted parts are parameters of a scope. */
export type AdaptedImport = Pick<ImportOptions, 'parameter' | 'change'>;
