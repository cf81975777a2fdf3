import type { JsonObject } from '../../domain/json.ts';
import { argMax, cast, equal, reduceMean, type Value } from '../../graph/index.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { type ClassifierOptions, cnnClassifier, mlpClassifier } from '../../nn/networks/classifiers.ts';
import { collectParameters, readingScope, type Scope } from '../../nn/scope.ts';
import { optimizerSettings } from '../commonFields.ts';
import { pixelsToUnit } from '../pixels.ts';
import type { DataFacts, Evaluation, ExportedModel, ImageBatch, Program, Recipe } from '../recipe.ts';
import { type ClassifierConfig, type ClassifierKind, classifierFields, readClassifierConfig } from './config.ts';
import { classifierMetrics } from './metrics.ts';

/** Examples per graph run outside training. */
const BATCH = 100;

/** Images into classes. Its exported model also judges the samples of generators. */
export const classifier: Recipe = {
  info: {
    id: 'classifier',
    title: 'Image classifier',
    description: 'Learns to tell the classes of small images apart.',
    version: 1,
    fields: classifierFields,
    metrics: classifierMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { network, width } = readClassifierConfig(config);
    return `classifier-${network}-w${width}-${data.height}x${data.width}x${data.channels}-c${data.classes}`;
  },
  dataSets(config: JsonObject) {
    const path = readClassifierConfig(config).data;
    return [
      { name: 'train', path, split: 'train', required: true },
      { name: 'test', path, split: 'test', required: false },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readClassifierConfig(config);
    const classify = classifierOf(settings, data);
    return {
      parameters: collectParameters((scope) => {
        const { height, width, channels } = data;
        classify(scope, scope.graph.input('images', [1, height, width, channels], 'uint8'));
      }),
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters, batch }) {
        const logits = classify(readingScope(graph, parameters), batch.images);
        const loss = reduceMean(crossEntropy(logits, batch.labels), [0], false);
        return { loss, metrics: { 'train/accuracy': reduceMean(isRight(logits, batch.labels), [0], false) } };
      },
      evaluations: [testEvaluation(classify)],
      model: exportedClassifier(classify, data),
    };
  },
};

/** Pixels uint8 [N, height, width, channels] → logits [N, classes]. */
type Classify = (scope: Scope, pixels: Value) => Value;

const networks: {
  readonly [Kind in ClassifierKind]: (scope: Scope, images: Value, options: ClassifierOptions) => Value;
} = { cnn: cnnClassifier, mlp: mlpClassifier };

function classifierOf({ network, width }: ClassifierConfig, { classes }: DataFacts): Classify {
  return (scope, pixels) => networks[network](scope, pixelsToUnit(pixels), { width, classes });
}

function testEvaluation(classify: Classify): Evaluation {
  return {
    data: 'test',
    batchSize: BATCH,
    build(graph, parameters, { images, labels }: ImageBatch) {
      const logits = classify(readingScope(graph, parameters), images);
      return { 'test/accuracy': isRight(logits, labels), 'test/loss': crossEntropy(logits, labels) };
    },
  };
}

function exportedClassifier(classify: Classify, data: DataFacts): ExportedModel {
  const { height, width, channels, classes } = data;
  return {
    build(graph, parameters, batch) {
      const images = graph.input('images', [batch, height, width, channels], 'uint8');
      return { inputs: [images], outputs: { logits: classify(readingScope(graph, parameters), images) } };
    },
    metadata: {
      task: 'image classification',
      inputs: `images: uint8 [batch, ${height}, ${width}, ${channels}]`,
      outputs: `logits: float32 [batch, ${classes}]`,
    },
  };
}

/** 1 where the largest logit is that of the label, else 0: float32 [N]. */
function isRight(logits: Value, labels: Value): Value {
  return cast(equal(argMax(logits, 1), labels), 'float32');
}
