import { argMax, cast, equal, reduceMean, type Value } from '../../graph/index.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { collectParameters, readingScope, type Scope } from '../../nn/scope.ts';
import {
  type Evaluation,
  type ExportedModel,
  type ImageFacts,
  imageBatch,
  type OptimizerSettings,
  type Program,
} from '../recipe.ts';

/** Examples per graph run outside training. */
const BATCH = 100;

/** Pixels uint8 [N, height, width, channels] → logits [N, classes]. */
export type Classify = (scope: Scope, pixels: Value) => Value;

/** What every recipe computes that sorts images into classes: cross-entropy, accuracy in training and on the test set, and a model of logits. */
export function classifierProgram(
  classify: Classify,
  data: ImageFacts,
  batchSize: number,
  optimizer: OptimizerSettings,
): Program {
  const { height, width, channels } = data;
  return {
    parameters: collectParameters((scope) => {
      classify(scope, scope.graph.input('images', [1, height, width, channels], 'uint8'));
    }),
    batchSize,
    optimizer,
    step({ graph, parameters, batch }) {
      const { images, labels } = imageBatch(batch);
      const logits = classify(readingScope(graph, parameters), images);
      const loss = reduceMean(crossEntropy(logits, labels), [0], false);
      return { loss, metrics: { 'train/accuracy': reduceMean(isRight(logits, labels), [0], false) } };
    },
    evaluations: [testEvaluation(classify)],
    model: exportedClassifier(classify, data),
  };
}

function testEvaluation(classify: Classify): Evaluation {
  return {
    data: 'test',
    batchSize: BATCH,
    build(graph, parameters, batch) {
      const { images, labels } = imageBatch(batch);
      const logits = classify(readingScope(graph, parameters), images);
      return { 'test/accuracy': isRight(logits, labels), 'test/loss': crossEntropy(logits, labels) };
    },
  };
}

function exportedClassifier(classify: Classify, data: ImageFacts): ExportedModel {
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
