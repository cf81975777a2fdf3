import type { JsonObject } from '../../domain/json.ts';
import { cast, exp, reshape, sub } from '../../graph/index.ts';
import { weightedCrossEntropy } from '../../nn/losses.ts';
import { collectParameters, readingScope } from '../../nn/scope.ts';
import type { TokenFacts } from '../data.ts';
import {
  type DataSetRequest,
  type Evaluation,
  type ExportedModel,
  type OptimizerSettings,
  type Program,
  randomCounter,
  type TextSampleProgram,
} from '../recipe.ts';
import { tokenSource } from '../tokenFields.ts';
import { summarizeScores, tokenScores } from './scores.ts';
import type { LanguageSettings } from './settings.ts';
import { maskToken, networkVocabulary, tasks } from './tasks.ts';
import type { Remember, TokenNetwork } from './tokenNetwork.ts';
import { variantEvaluation } from './variants.ts';

/** Training, evaluation, samples and the exported file of a network over tokens. */
export function languageProgram(
  network: TokenNetwork,
  settings: LanguageSettings,
  facts: TokenFacts,
  optimizer: OptimizerSettings,
  remember?: Remember,
): Program & { readonly model: ExportedModel } {
  const { task, window, batchSize, samples } = settings;
  return {
    parameters: collectParameters((scope) => {
      network(scope, scope.graph.input('tokens', [1, window], 'int64'), {});
    }),
    batchSize,
    optimizer,
    step({ graph, parameters, batch, counter }) {
      const { seen, targets, weights } = tasks[task].ask(batch, counter, facts, settings);
      const logits = network(readingScope(graph, parameters), seen, { counter });
      const loss = weightedCrossEntropy(logits, targets, weights);
      return { loss, metrics: { 'train/perplexity': exp(loss) } };
    },
    evaluations: [
      heldOut(network, settings, facts),
      ...(settings.variants === '' ? [] : [variantEvaluation(network, settings, facts)]),
    ],
    ...(samples.count === 0 ? {} : { samples: texts(network, settings, facts, remember) }),
    model: exportedModel(network, settings, facts),
  };
}

/** The data of a run: what it trains on, what is held out, and variants where a table of them is given. */
export function languageData(
  config: JsonObject,
  { data, task, window, variants }: LanguageSettings,
): readonly DataSetRequest[] {
  const length = tasks[task].exampleLength(window);
  const source = tokenSource(config, length);
  const table: DataSetRequest = {
    name: 'variants',
    path: variants,
    split: 'test',
    required: true,
    source: { kind: 'variants', genome: data, window: length },
  };
  return [
    { name: 'train', path: data, split: 'train', required: true, source },
    { name: 'test', path: data, split: 'test', required: false, source },
    ...(variants === '' ? [] : [table]),
  ];
}

/** Hidden tokens are drawn by a counter that never changes, so that the figures of all steps and runs can be compared. */
function heldOut(network: TokenNetwork, settings: LanguageSettings, facts: TokenFacts): Evaluation {
  return {
    data: 'test',
    batchSize: settings.batchSize,
    build(graph, parameters, batch) {
      const counter = graph.scalar(Number(randomCounter(0, 0)), 'int64');
      const { seen, targets, weights } = tasks[settings.task].ask(batch, counter, facts, settings);
      return tokenScores(network(readingScope(graph, parameters), seen, {}), targets, weights);
    },
    summarize: summarizeScores,
  };
}

/** A causal model writes forward; a masked one fills places in the order of a lottery, each seen by the next. */
function texts(
  network: TokenNetwork,
  settings: LanguageSettings,
  facts: TokenFacts,
  remember: Remember | undefined,
): TextSampleProgram {
  const { task, window, samples } = settings;
  const { vocabulary } = facts;
  const { answerShift, sampleOrder } = tasks[task];
  const length = samples.length === 0 ? window : Math.min(samples.length, window);
  return {
    kind: 'text',
    ...samples,
    prompt: beginning(settings, facts),
    length,
    ...(remember === undefined ? {} : { remembering: remember(samples.count, length) }),
    vocabulary,
    order: sampleOrder,
    blank: task === 'masked' ? maskToken(vocabulary) : vocabulary.pad,
    build(graph, parameters, tokens, places) {
      const at = answerShift === 0 ? places : sub(places, answerShift);
      const logits = network(readingScope(graph, parameters), cast(tokens, 'int64'), { places: at });
      return reshape(logits, [tokens.shape[0]!, -1]);
    },
  };
}

/** A causal model of text begins where a line begins, unless it is told otherwise. */
function beginning({ task, samples }: LanguageSettings, { vocabulary }: TokenFacts): string {
  return samples.prompt === '' && task === 'causal' && vocabulary.kind === 'bytes' ? '\n' : samples.prompt;
}

/** Tokens [batch, window] in, logits out. The metadata say what the tokens are. */
function exportedModel(network: TokenNetwork, { task, window }: LanguageSettings, facts: TokenFacts): ExportedModel {
  return {
    build(graph, parameters, batch) {
      const tokens = graph.input('tokens', [batch, window], 'int64');
      const logits = network(readingScope(graph, parameters), tokens, {});
      return { inputs: [tokens], outputs: { logits } };
    },
    metadata: {
      task: `${task} language model`,
      inputs: `tokens: int64 [batch, ${window}], 0 to ${networkVocabulary(task, facts.vocabulary) - 1}`,
      outputs: `logits: float32 [batch, ${window}, tokens of the vocabulary]${task === 'causal' ? ', of the next token' : ''}`,
      vocabulary: vocabularyMetadata(facts),
    },
  };
}

/** Where the tokenizer lay on this machine is nobody's business elsewhere; its content is told by the hash. */
export function vocabularyMetadata({ vocabulary: { file: _place, ...vocabulary } }: TokenFacts): string {
  return JSON.stringify(vocabulary);
}
