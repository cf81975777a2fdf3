import {
  add,
  and,
  type BaseGraph,
  cast,
  equal,
  floor,
  gather,
  greaterOrEqual,
  less,
  mul,
  narrow,
  not,
  or,
  randomUniform,
  type Value,
  where,
} from '../../graph/index.ts';
import type { TokenFacts, VocabularyFacts } from '../data.ts';
import type { Batch } from '../recipe.ts';

export const languageTasks = ['causal', 'masked'] as const;
export type LanguageTask = (typeof languageTasks)[number];

/** Streams of the random numbers of one step. Those of dropout follow. */
const streams = { chosen: 0, kind: 1, token: 2 } as const;
export const firstDropoutStream = 3;

/** Of the tokens to be predicted, so many are hidden and as many again replaced by chance; the rest stays (Devlin et al., arXiv 1810.04805, §3.1). */
const HIDDEN = 0.8;
const REPLACED = 0.1;

/** A batch as a question to the network: what it sees, what it is to tell, and how much each place counts. All [N, tokens], the weights float32. */
export interface Question {
  readonly seen: Value;
  readonly targets: Value;
  readonly weights: Value;
}

/** What differs between the tasks. */
export interface TaskRules {
  /** Tokens of an example for a network that sees `window` of them. */
  exampleLength(window: number): number;
  /** The question of a batch; `maskFraction` is what part a masked model is to tell. */
  ask(batch: Batch, counter: Value, facts: TokenFacts, config: { readonly maskFraction: number }): Question;
  /** The place whose logits tell the token at a place. */
  readonly answerShift: 0 | 1;
  readonly sampleOrder: 'forward' | 'random';
}

export const tasks: { readonly [T in LanguageTask]: TaskRules } = {
  // An example has one token more than the network sees, so that every one of a window is told once.
  causal: {
    exampleLength: (window) => window + 1,
    ask: (batch, _counter, facts) => nextTokens(batch, facts),
    answerShift: 1,
    sampleOrder: 'forward',
  },
  masked: {
    exampleLength: (window) => window,
    ask: hiddenTokens,
    answerShift: 0,
    sampleOrder: 'random',
  },
};

/** The token that hides others; one more than the vocabulary has where it has none. */
export function maskToken({ mask, size }: VocabularyFacts): number {
  return mask ?? size;
}

/** Tokens that a network must know, the mask among them. */
export function networkVocabulary(task: LanguageTask, vocabulary: VocabularyFacts): number {
  return task === 'masked' ? Math.max(vocabulary.size, maskToken(vocabulary) + 1) : vocabulary.size;
}

function nextTokens(batch: Batch, facts: TokenFacts): Question {
  const tokens = cast(batch['tokens']!, 'int64');
  const count = tokens.shape[1]! - 1;
  const targets = narrow(tokens, 1, 1, count);
  return {
    seen: narrow(tokens, 1, 0, count),
    targets,
    weights: mul(narrow(weightsOf(batch, tokens), 1, 1, count), ordinaryWeights(targets, facts.vocabulary)),
  };
}

function hiddenTokens(
  batch: Batch,
  counter: Value,
  facts: TokenFacts,
  config: { readonly maskFraction: number },
): Question {
  const { vocabulary } = facts;
  const targets = cast(batch['tokens']!, 'int64');
  const draw = (stream: number) => randomUniform(counter, targets.shape, stream);
  const ordinary = ordinaryWeights(targets, vocabulary);
  const chosen = and(less(draw(streams.chosen), config.maskFraction), greaterOrEqual(ordinary, 0.5));
  const kind = draw(streams.kind);
  const hidden = and(chosen, less(kind, HIDDEN));
  const replaced = and(and(chosen, not(hidden)), less(kind, HIDDEN + REPLACED));
  const others = where(replaced, ordinaryByChance(targets.graph, draw(streams.token), vocabulary), targets);
  return {
    seen: where(hidden, maskToken(vocabulary), others),
    targets,
    weights: mul(cast(chosen, 'float32'), weightsOf(batch, targets)),
  };
}

function weightsOf(batch: Batch, tokens: Value): Value {
  return batch['weights'] ?? add(mul(cast(tokens, 'float32'), 0), 1);
}

/** 1 where a token stands for itself and 0 where it is padding, unknown or a mask, about which nothing can be learned: float32. */
export function ordinaryWeights(tokens: Value, vocabulary: VocabularyFacts): Value {
  const special = specialTokens(vocabulary).map((token) => equal(tokens, token));
  return cast(not(special.reduce((any, each) => or(any, each))), 'float32');
}

function ordinaryByChance(graph: BaseGraph, chance: Value, vocabulary: VocabularyFacts): Value {
  const special = new Set(specialTokens(vocabulary));
  const ordinary = Array.from({ length: vocabulary.size }, (_, token) => token).filter((token) => !special.has(token));
  const place = cast(floor(mul(chance, ordinary.length)), 'int64');
  return gather(graph.constant(ordinary, [ordinary.length], 'int64'), place);
}

function specialTokens({ pad, mask, unknown }: VocabularyFacts): readonly number[] {
  return [...new Set([pad, mask, unknown])].filter((token) => token !== undefined);
}
