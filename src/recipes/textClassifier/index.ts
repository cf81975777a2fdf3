import { AppError } from '../../base/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import { argMax, cast, equal, type OnnxModel, reduceMean, type Value } from '../../graph/index.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { collectParameters, readingScope, type Scope } from '../../nn/scope.ts';
import { featuresOf } from '../adaptation/features.ts';
import { adaptationName } from '../adaptation/fields.ts';
import { optimizerSettings } from '../commonFields.ts';
import { type TokenFacts, tokenFacts } from '../data.ts';
import { loadOnnxModel } from '../finetune/model.ts';
import { runModel } from '../finetuneLanguage/network.ts';
import { vocabularyMetadata } from '../languageModel/program.ts';
import type { DataFacts, Evaluation, Program, Recipe, RewrittenModel } from '../recipe.ts';
import { readTextClassifierConfig, type TextClassifierConfig, textClassifierFields } from './config.ts';
import { confusionOf, confusionTable } from './confusion.ts';
import { exportedClassifier } from './exported.ts';
import { classifiedTexts } from './head.ts';
import { textClassifierMetrics } from './metrics.ts';

/** Texts into classes by a language model from elsewhere: for instance a router that says which expert answers. */
export const textClassifier: Recipe = {
  info: {
    id: 'text-classifier',
    title: 'Text classifier',
    description:
      'Adapts an ONNX language model, by LoRA, DoRA, a soft prompt, its last layer or all weights, to sort texts into classes: a router, for instance.',
    version: 1,
    fields: textClassifierFields,
    metrics: textClassifierMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { model, adaptation } = readTextClassifierConfig(config);
    const { classes } = tokenFacts(data);
    return `text-classifier-${loadOnnxModel(model).digest}-${adaptationName(adaptation)}-c${classes}`;
  },
  dataSets(config: JsonObject) {
    const { data: path, source } = readTextClassifierConfig(config);
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readTextClassifierConfig(config);
    const facts = tokenFacts(data);
    if (facts.classes < 2) throw new AppError('bad-data', 'The texts have no classes.', { hint: 'Give each a label.' });
    const { model } = loadOnnxModel(settings.model);
    const classify = (scope: Scope, tokens: Value) =>
      classifiedTexts(scope, cast(tokens, 'int64'), model, settings, facts);
    const parameters = collectParameters((scope) => {
      classify(scope, scope.graph.input('tokens', [1, settings.window], 'int64'));
    });
    return {
      parameters,
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters, batch }) {
        const logits = classify(readingScope(graph, parameters), batch['tokens']!);
        const right = cast(equal(argMax(logits, 1), batch['labels']!), 'float32');
        const loss = reduceMean(crossEntropy(logits, batch['labels']!), [0], false);
        return { loss, metrics: { 'train/accuracy': reduceMean(right, [0], false) } };
      },
      evaluations: [testEvaluation(classify, settings, facts)],
      model: exported(model, settings, facts, new Set(parameters.map(({ name }) => name))),
    };
  },
};

function testEvaluation(
  classify: (scope: Scope, tokens: Value) => Value,
  { batchSize }: TextClassifierConfig,
  facts: TokenFacts,
): Evaluation {
  const confusion = (perExample: Readonly<Record<string, Float32Array>>) =>
    confusionOf(perExample['label']!, perExample['prediction']!, facts.classes);
  return {
    data: 'test',
    batchSize,
    build(graph, parameters, batch) {
      const logits = classify(readingScope(graph, parameters), batch['tokens']!);
      return {
        loss: crossEntropy(logits, batch['labels']!),
        label: cast(batch['labels']!, 'float32'),
        prediction: cast(argMax(logits, 1), 'float32'),
      };
    },
    summarize: (perExample) => {
      const { accuracy, macroF1 } = confusion(perExample);
      const losses = perExample['loss']!;
      const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
      return { 'test/accuracy': accuracy, 'test/f1': macroF1, 'test/loss': loss };
    },
    report: (perExample) => ({
      'test/confusion': confusionTable(confusion(perExample), namesOf(facts)),
    }),
  };
}

function exported(
  model: OnnxModel,
  config: TextClassifierConfig,
  facts: TokenFacts,
  parameters: ReadonlySet<string>,
): RewrittenModel {
  const features = featuresOf(model, config);
  return {
    rewrite: (learned) => {
      const { adaptation } = config;
      return exportedClassifier(
        { model, adaptation, facts, features, perToken: isPerToken(model, config, facts) },
        (name) => (parameters.has(name) ? learned(name) : undefined),
      );
    },
    metadata: {
      task: 'text classification',
      outputs: `class_logits: float32 [batch, ${facts.classes}]`,
      classes: JSON.stringify(namesOf(facts)),
      vocabulary: vocabularyMetadata(facts),
    },
  };
}

/** Whether the features have an axis of tokens, which the graph of the file itself shows. */
function isPerToken(model: OnnxModel, config: TextClassifierConfig, facts: TokenFacts): boolean {
  const name = featuresOf(model, config);
  let perToken = false;
  collectParameters((scope) => {
    const tokens = scope.graph.input('tokens', [3, config.window], 'int64');
    const value = runModel(scope, tokens, model, config.adaptation, facts, name).outputs.get(name)!;
    perToken = value.rank !== 2 || value.shape[0] !== 3;
  });
  return perToken;
}

function namesOf({ classNames, classes }: TokenFacts): readonly string[] {
  return classNames ?? Array.from({ length: classes }, (_, label) => String(label));
}
