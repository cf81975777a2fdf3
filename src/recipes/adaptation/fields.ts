import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Adaptation, AdaptKind } from './adaptation.ts';

/** The keys with which recipes say what of a model changes. */
export function adaptationFields(kinds: readonly AdaptKind[], usual: AdaptKind): readonly ConfigField[] {
  return [
    {
      key: 'adapt',
      type: 'choice',
      choices: kinds,
      default: usual,
      description: adaptDescription(kinds),
    },
    ...lowRankFields,
    promptField,
  ];
}

export const promptField: ConfigField = {
  key: 'prompt.tokens',
  type: 'integer',
  default: 16,
  min: 1,
  max: 4096,
  description: 'Learned vectors of a soft prompt.',
};

/** The keys of changes of low rank. */
export const lowRankFields: readonly ConfigField[] = [
  { key: 'lora.rank', type: 'integer', default: 8, min: 1, max: 4096, description: 'Rank of the additions.' },
  {
    key: 'lora.alpha',
    type: 'number',
    default: 16,
    min: 0,
    description: 'The additions are multiplied by alpha / rank.',
  },
  {
    key: 'lora.targets',
    type: 'string',
    default: '',
    description:
      'Parts of the names of weights that get additions, with commas: q_proj, v_proj. Empty: those of all dense layers but the last, and of all convolutions.',
  },
];

/** What each kind changes, for people. */
const kindsAre: { readonly [K in AdaptKind]: string } = {
  all: 'all weights',
  lora: 'low-rank additions to them (lora)',
  dora: 'the same with learned lengths (dora)',
  head: 'the last layer (head)',
  'soft-prompt': 'learned vectors ahead of the tokens (soft-prompt)',
};

export function adaptDescription(kinds: readonly AdaptKind[]): string {
  const [last, ...rest] = kinds.map((kind) => kindsAre[kind]).toReversed();
  return `What changes: ${rest.toReversed().join(', ')}, or ${last}.`;
}

/** The typed form of `adaptationFields`. */
export function readAdaptation(config: JsonObject): Adaptation {
  return {
    kind: valueAt(config, 'adapt') as AdaptKind,
    ...readLowRank(config),
    promptTokens: (valueAt(config, 'prompt.tokens') ?? 0) as number,
  };
}

/** The typed form of `lowRankFields`. */
export function readLowRank(config: JsonObject): Pick<Adaptation, 'rank' | 'alpha' | 'targets'> {
  const targets = valueAt(config, 'lora.targets') as string;
  return {
    rank: valueAt(config, 'lora.rank') as number,
    alpha: valueAt(config, 'lora.alpha') as number,
    targets: targets
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  };
}

/** What the shapes of an adaptation's parameters depend on, for the names of architectures. */
export function adaptationName({ kind, rank, targets, promptTokens }: Adaptation): string {
  if (kind === 'soft-prompt') return `prompt${promptTokens}`;
  if (kind !== 'lora' && kind !== 'dora') return kind;
  const words = targets.map((word) => word.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
  return [kind, `r${rank}`, ...words].join('-');
}
