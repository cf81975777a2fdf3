import type { JsonObject } from '../../domain/json.ts';
import { collectParameters, type Scope } from '../../nn/scope.ts';
import type { VectorField } from '../../nn/vectorField.ts';
import { optimizerSettings } from '../commonFields.ts';
import { imageFacts, imageName } from '../data.ts';
import type { DataFacts, ParameterSpec, Program, Recipe } from '../recipe.ts';
import { meanFlowFields, readMeanFlowConfig } from './config.ts';
import { fieldOf } from './field.ts';
import { meanFlowMetrics } from './metrics.ts';
import { meanFlowModel, meanFlowSamples } from './samples.ts';
import { meanFlowStep } from './step.ts';

/** One-step image generation: Geng et al., "Mean Flows for One-step Generative Modeling", arXiv 2505.13447. */
export const meanFlow: Recipe = {
  info: {
    id: 'meanflow',
    title: 'MeanFlow',
    description: 'Learns to make an image of a class from noise in a single step.',
    version: 1,
    fields: meanFlowFields,
    metrics: meanFlowMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { name } = fieldOf(readMeanFlowConfig(config), imageFacts(data));
    return `meanflow-${name}-${imageName(data)}`;
  },
  dataSets(config: JsonObject) {
    const { data: path } = readMeanFlowConfig(config);
    return [{ name: 'train', path, split: 'train', required: true, source: { kind: 'images' } }];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readMeanFlowConfig(config);
    const images = imageFacts(data);
    const field = fieldOf(settings, images);
    return {
      parameters: parametersOf(field),
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step: (inputs) => meanFlowStep(settings, field, inputs),
      evaluations: [],
      samples: meanFlowSamples(settings, field, images),
      model: meanFlowModel(field, images),
    };
  },
};

function parametersOf(field: VectorField): readonly ParameterSpec[] {
  return collectParameters((scope: Scope) => {
    const { graph } = scope;
    field.evaluate(scope, {
      state: graph.input('state', [1, ...field.stateShape]),
      r: graph.input('r', [1, 1]),
      t: graph.input('t', [1, 1]),
      labels: graph.input('labels', [1], 'int64'),
    });
  });
}
