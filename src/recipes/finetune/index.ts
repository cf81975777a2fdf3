import type { JsonObject } from '../../domain/json.ts';
import { adaptationName } from '../adaptation/fields.ts';
import { classifierMetrics } from '../classifier/metrics.ts';
import { classifierProgram } from '../classifier/program.ts';
import { optimizerSettings } from '../commonFields.ts';
import { imageFacts, imageName } from '../data.ts';
import type { DataFacts, Program, Recipe } from '../recipe.ts';
import { finetuneFields, readFinetuneConfig } from './config.ts';
import { loadOnnxModel } from './model.ts';
import { finetunedNetwork } from './network.ts';

/** A model that came from elsewhere, trained further to sort images into classes. */
export const finetune: Recipe = {
  info: {
    id: 'finetune',
    title: 'Fine-tune an ONNX model',
    description:
      'Trains an image model further, for instance one exported from PyTorch, to tell the classes of a data set apart.',
    version: 1,
    fields: finetuneFields,
    metrics: classifierMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { model, adaptation } = readFinetuneConfig(config);
    const { digest } = loadOnnxModel(model);
    return `finetune-${digest}-${adaptationName(adaptation)}-${imageName(data)}`;
  },
  dataSets(config: JsonObject) {
    const path = readFinetuneConfig(config).data;
    const source = { kind: 'images' } as const;
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readFinetuneConfig(config);
    const { model } = loadOnnxModel(settings.model);
    const images = imageFacts(data);
    return classifierProgram(
      (scope, pixels) => finetunedNetwork(scope, pixels, model, settings, images),
      images,
      settings.batchSize,
      optimizerSettings(config),
    );
  },
};
