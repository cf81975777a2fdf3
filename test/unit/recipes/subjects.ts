import type { JsonObject } from '../../../src/domain/json.ts';
import type { ArrayFacts, DataFacts, TokenFacts } from '../../../src/recipes/data.ts';
import { tinyFacts } from './tinyRun.ts';

/** How the tests that hold for every recipe are to take one. */
export interface RecipeSubject {
  readonly facts: DataFacts;
  /** Facts of data with another number of classes. */
  readonly otherFacts: DataFacts;
  /** Keys that make the defaults small enough for the facts. */
  readonly small: JsonObject;
  /** `network` of each kind of network, by its name. */
  readonly networks: { readonly [name: string]: JsonObject };
  /** `network` with other shapes of parameters than `small` has. */
  readonly wider: JsonObject;
}

const unit = { mean: 0, deviation: 1 };
const rows: ArrayFacts = {
  kind: 'arrays',
  examples: 12,
  features: [2],
  targets: [],
  classes: 3,
  featureScales: [unit, unit],
  targetScales: [],
};

const tokens: TokenFacts = {
  kind: 'tokens',
  examples: 12,
  window: 9,
  vocabulary: { kind: 'dna', size: 7, pad: 0, mask: 1, unknown: 2 },
  weighted: true,
  classes: 0,
};

/** By id. What starts from a file has tests of its own: test/unit/trainer/finetune.test.ts. */
export const subjects: { readonly [id: string]: RecipeSubject } = {
  meanflow: {
    facts: tinyFacts,
    otherFacts: { ...tinyFacts, classes: 4 },
    small: { network: { patch: 4 } },
    networks: { dit: { kind: 'dit', patch: 4 }, unet: { kind: 'unet', width: 16 }, mlp: { kind: 'mlp', width: 16 } },
    wider: { patch: 4, width: 64 },
  },
  classifier: {
    facts: tinyFacts,
    otherFacts: { ...tinyFacts, classes: 4 },
    small: {},
    networks: { cnn: { kind: 'cnn', width: 16 }, mlp: { kind: 'mlp', width: 16 } },
    wider: { width: 64 },
  },
  tabular: {
    facts: rows,
    otherFacts: { ...rows, classes: 4 },
    small: {},
    networks: { dense: { width: 16 }, linear: { layers: 0 } },
    wider: { width: 64 },
  },
  'language-model': {
    facts: tokens,
    otherFacts: { ...tokens, vocabulary: { kind: 'bytes', size: 258, pad: 256, mask: 257 } },
    small: { window: 8, network: { width: 16, layers: 1 } },
    networks: {
      transformer: { width: 16, layers: 1 },
      tied: { width: 16, layers: 1, tied: true },
      bytenet: { kind: 'bytenet', width: 16, layers: 2 },
    },
    wider: { width: 64, layers: 1 },
  },
};
