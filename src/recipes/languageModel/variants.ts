import {
  cast,
  concat,
  expand,
  gatherElements,
  logSoftmax,
  mul,
  narrow,
  reduceSum,
  reshape,
  sub,
  type Value,
} from '../../graph/index.ts';
import { tokenCrossEntropy } from '../../nn/losses.ts';
import { readingScope, type Scope } from '../../nn/scope.ts';
import { type TokenFacts, variantPlace } from '../data.ts';
import type { Batch, Evaluation } from '../recipe.ts';
import { rankingOf } from './ranking.ts';
import { type LanguageTask, maskToken, ordinaryWeights } from './tasks.ts';
import type { TokenNetwork } from './tokenNetwork.ts';

/**
 * Ranks variants by how much less likely the model holds the alternative allele than the reference one, as Benegas et al. (PNAS 120(44), 2023) do: masked, both at the
 * hidden place of the variant; causal, the whole window with either of them.
 */
export function variantEvaluation(
  network: TokenNetwork,
  { task, batchSize }: { readonly task: LanguageTask; readonly batchSize: number },
  facts: TokenFacts,
): Evaluation {
  return {
    data: 'variants',
    batchSize,
    build(graph, parameters, batch) {
      const score = scores[task](readingScope(graph, parameters), batch, network, facts);
      return { score: reshape(score, [batchSize]), label: cast(batch['labels']!, 'float32') };
    },
    summarize: ({ score, label }) => {
      const { auroc, auprc } = rankingOf(score!, label!);
      return { 'variants/auroc': auroc, 'variants/auprc': auprc };
    },
  };
}

type Score = (scope: Scope, batch: Batch, network: TokenNetwork, facts: TokenFacts) => Value;

/** log p(reference) − log p(alternative): [N] or [N, 1]. */
const scores: { readonly [T in LanguageTask]: Score } = {
  masked: (scope, batch, network, facts) => {
    const tokens = cast(batch['tokens']!, 'int64');
    const [examples, window] = tokens.shape as [number, number];
    const place = variantPlace(window);
    const hidden = expand(scope.graph.constant([maskToken(facts.vocabulary)], [1, 1], 'int64'), [examples, 1]);
    const places = scope.graph.constant(new Array<number>(examples).fill(place), [examples], 'int64');
    const logits = network(scope, withToken(tokens, place, hidden), { places });
    const logProbabilities = reshape(logSoftmax(logits, -1), [examples, -1]);
    const of = (allele: Value) => gatherElements(logProbabilities, column(allele), 1);
    return sub(of(batch['references']!), of(batch['alternatives']!));
  },
  causal: (scope, batch, network, facts) => {
    const tokens = cast(batch['tokens']!, 'int64');
    const place = variantPlace(tokens.shape[1]!);
    const of = (allele: Value) => logLikelihood(scope, withToken(tokens, place, column(allele)), network, facts);
    return sub(of(batch['references']!), of(batch['alternatives']!));
  },
};

/** The sum of log p over the bases behind the first: [N]. */
function logLikelihood(scope: Scope, tokens: Value, network: TokenNetwork, facts: TokenFacts): Value {
  const count = tokens.shape[1]! - 1;
  const targets = narrow(tokens, 1, 1, count);
  const logits = network(scope, narrow(tokens, 1, 0, count), {});
  const losses = mul(tokenCrossEntropy(logits, targets), ordinaryWeights(targets, facts.vocabulary));
  return mul(reduceSum(losses, [1], false), -1);
}

function withToken(tokens: Value, place: number, token: Value): Value {
  const window = tokens.shape[1]!;
  return concat([narrow(tokens, 1, 0, place), token, narrow(tokens, 1, place + 1, window - place - 1)], 1);
}

function column(values: Value): Value {
  return reshape(values, [values.shape[0]!, 1]);
}
