import {
  add,
  type BaseGraph,
  cast,
  mod,
  mul,
  randomNormal,
  range,
  reshape,
  sub,
  type Value,
} from '../../graph/index.ts';
import { readingScope } from '../../nn/scope.ts';
import type { VectorField } from '../../nn/vectorField.ts';
import { unitToPixels } from '../pixels.ts';
import type { ExportedModel, ImageBatch, ImageFacts, ImageSampleProgram, ParameterView } from '../recipe.ts';
import type { MeanFlowConfig } from './config.ts';
import { judgeSamples } from './judge.ts';

/** Images per graph run, where the samples are at least that many. */
const BATCH = 100;
const COLUMNS = 10;
const NOISE_STREAM = 3;

/** Samples by one evaluation of the network each; image i asks for class i modulo classes, so that a row of ten shows all digits. */
export function meanFlowSamples(config: MeanFlowConfig, field: VectorField, data: ImageFacts): ImageSampleProgram {
  const batchSize = Math.min(BATCH, config.samples);
  const judge = config.judge === '' ? {} : { judge: { model: config.judge, measure: judgeSamples } };
  return {
    kind: 'images',
    batchSize,
    batches: Math.ceil(config.samples / batchSize),
    shown: batchSize,
    columns: Math.min(COLUMNS, batchSize),
    build(graph, parameters, counter): ImageBatch {
      const noise = randomNormal(counter, [batchSize, ...field.stateShape], NOISE_STREAM);
      const labels = mod(range(graph, batchSize), data.classes);
      return { images: oneStepImages(graph, parameters, field, noise, labels), labels };
    },
    ...judge,
  };
}

/** The trained generator: noise [batch, height, width, channels] and labels [batch] in, images out. */
export function meanFlowModel(field: VectorField, data: ImageFacts): ExportedModel {
  const { height, width, channels } = data;
  return {
    build(graph, parameters, batch) {
      const noise = graph.input('noise', [batch, height, width, channels]);
      const labels = graph.input('labels', [batch], 'int64');
      const images = oneStepImages(graph, parameters, field, field.fromImages(noise), labels);
      return { inputs: [noise, labels], outputs: { images } };
    },
    metadata: {
      task: 'class-conditional image generation in one step (MeanFlow)',
      inputs: `noise: standard normal float32 [batch, ${height}, ${width}, ${channels}]; labels: int64 [batch], 0 to ${data.classes - 1}`,
      outputs: `images: uint8 [batch, ${height}, ${width}, ${channels}]`,
    },
  };
}

/** x = e − u(e, r = 0, t = 1): arXiv 2505.13447, equation 12 with the interval from 0 to 1. */
function oneStepImages(graph: BaseGraph, parameters: ParameterView, field: VectorField, noise: Value, labels: Value) {
  // Made from an input and not of constants, so that the exported model can take as many as it is given.
  const r = mul(cast(reshape(labels, [labels.shape[0]!, 1]), 'float32'), 0);
  const t = add(r, 1);
  const velocity = field.evaluate(readingScope(graph, parameters), { state: noise, r, t, labels });
  return unitToPixels(field.toImages(sub(noise, velocity)));
}
