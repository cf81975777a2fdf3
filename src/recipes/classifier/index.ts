import type { JsonObject } from '../../domain/json.ts';
import type { Value } from '../../graph/index.ts';
import { type ClassifierOptions, cnnClassifier, mlpClassifier } from '../../nn/networks/classifiers.ts';
import type { Scope } from '../../nn/scope.ts';
import { optimizerSettings } from '../commonFields.ts';
import { imageFacts, imageName } from '../data.ts';
import { pixelsToUnit } from '../pixels.ts';
import type { DataFacts, ImageFacts, Program, Recipe } from '../recipe.ts';
import { type ClassifierConfig, type ClassifierKind, classifierFields, readClassifierConfig } from './config.ts';
import { classifierMetrics } from './metrics.ts';
import { type Classify, classifierProgram } from './program.ts';

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
    return `classifier-${network}-w${width}-${imageName(data)}`;
  },
  dataSets(config: JsonObject) {
    const path = readClassifierConfig(config).data;
    const source = { kind: 'images' } as const;
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readClassifierConfig(config);
    const images = imageFacts(data);
    return classifierProgram(classifierOf(settings, images), images, settings.batchSize, optimizerSettings(config));
  },
};

const networks: {
  readonly [Kind in ClassifierKind]: (scope: Scope, images: Value, options: ClassifierOptions) => Value;
} = { cnn: cnnClassifier, mlp: mlpClassifier };

function classifierOf({ network, width }: ClassifierConfig, { classes }: ImageFacts): Classify {
  return (scope, pixels) => networks[network](scope, pixelsToUnit(pixels), { width, classes });
}
