import { AppError } from '../../base/errors.ts';
import {
  add,
  cast,
  concat,
  importModel,
  mul,
  type OnnxModel,
  type OnnxValueInfo,
  reshape,
  resizeNearest,
  trainableTensors,
  transpose,
  type Value,
} from '../../graph/index.ts';
import { linear } from '../../nn/layers.ts';
import type { Scope } from '../../nn/scope.ts';
import { trained } from '../adaptation/adapt.ts';
import type { Adaptation, AdaptedImport } from '../adaptation/adaptation.ts';
import { lowRank } from '../adaptation/lowRank.ts';
import type { ImageFacts } from '../recipe.ts';
import type { FinetuneConfig, TrainablePart } from './config.ts';
import { withOwnRows } from './ownRows.ts';

/** Parameters of the model stand under this name, and under the ones that the file gives them. */
const modelScope = 'model';

/**
 * Pixels uint8 [N, height, width, channels] → logits [N, classes]: the model with its own last layer where that has as many outputs as there are
 * classes and may change, else with a new one.
 */
export function finetunedNetwork(
  scope: Scope,
  pixels: Value,
  model: OnnxModel,
  config: FinetuneConfig,
  data: ImageFacts,
) {
  const input = imageInput(model);
  const images = preparedImages(pixels, input, config, data);
  const head = headOf(model, config, data);
  const name = head === undefined ? model.graph.outputs[0]!.name : head;
  const { outputs } = scope.within(modelScope, (inner) => {
    const { change, ...adapted } = changedParts[config.trainable](inner, model, config.adaptation);
    return importModel(model, {
      inputs: { [input.name]: images },
      outputs: [name],
      ...adapted,
      change: withOwnRows(pixels, change),
    });
  });
  const value = outputs.get(name)!;
  checkBatch(value, pixels);
  if (head === undefined) return value;
  return scope.within('head', (inner) => linear(inner, reshape(value, [value.shape[0]!, -1]), data.classes));
}

/** What of the model changes. A head that is learned alone is a new layer behind the model. */
const changedParts: {
  readonly [P in TrainablePart]: (scope: Scope, model: OnnxModel, adaptation: Adaptation) => AdaptedImport;
} = {
  all: (scope, model) => trained(scope, new Set(trainableTensors(model))),
  head: () => ({}),
  lora: lowRank,
  dora: lowRank,
};

/** The one input that images go into: four axes, the second of them channels. */
function imageInput({ graph }: OnnxModel): OnnxValueInfo {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !weights.has(name));
  const [input] = inputs;
  if (inputs.length === 1 && input?.shape.length === 4 && input.dtype === 'float32') return input;
  throw new AppError(
    'bad-config',
    'The model is none for images: it must have one float32 input [batch, channels, height, width].',
    { hint: 'Choose a model of images, such as a ResNet or a ViT.' },
  );
}

/** As the model wants them: channels first, its size, its mean and deviation. Grey images are repeated for each colour. */
function preparedImages(pixels: Value, input: OnnxValueInfo, config: FinetuneConfig, data: ImageFacts): Value {
  const [, channels, height, width] = input.shape.map((size) => (typeof size === 'number' ? size : undefined));
  const planes = transpose(mul(cast(pixels, 'float32'), 1 / 255), [0, 3, 1, 2]);
  const wanted = channels ?? data.channels;
  const coloured = data.channels === 1 && wanted > 1 ? concat(new Array<Value>(wanted).fill(planes), 1) : planes;
  const factor = (height ?? data.height) / data.height;
  const fits =
    (width ?? data.width) / data.width === factor && Number.isInteger(factor) && coloured.shape[1] === wanted;
  if (!fits) {
    throw new AppError(
      'bad-config',
      `The model wants images of ${height ?? '?'} × ${width ?? '?'} with ${wanted} channels; the data set has ${data.height} × ${data.width} with ${data.channels}.`,
      { hint: 'Resize the images, or choose a model whose sides are a multiple of theirs.' },
    );
  }
  const scale = perChannel(
    config.std.map((each) => 1 / each),
    wanted,
    'std',
    pixels,
  );
  const shift = perChannel(
    config.mean.map((each, i) => -each / config.std[i % config.std.length]!),
    wanted,
    'mean',
    pixels,
  );
  return resizeNearest(add(mul(coloured, scale), shift), factor);
}

function perChannel(values: readonly number[], channels: number, key: string, like: Value): Value {
  if ((values.length !== 1 && values.length !== channels) || !values.every(Number.isFinite)) {
    throw new AppError('bad-config', `${key} has ${values.length} numbers, and the model has ${channels} channels.`, {
      hint: 'Give one number, or one for each channel; std must not hold 0.',
    });
  }
  return like.graph.constant(values.length === 1 ? new Array<number>(channels).fill(values[0]!) : values, [
    channels,
    1,
    1,
  ]);
}

/** The value that a new last layer sees; undefined where the model keeps its own. */
function headOf(
  { graph }: OnnxModel,
  { features, trainable }: FinetuneConfig,
  { classes }: ImageFacts,
): string | undefined {
  if (features !== '') return features;
  const output = graph.outputs[0];
  const keeps = trainable === 'all' && output?.shape.length === 2 && output.shape[1] === classes;
  if (keeps) return undefined;
  const product = graph.nodes.findLast(({ type }) => type === 'Gemm' || type === 'MatMul');
  if (product?.inputs[0] !== undefined) return product.inputs[0];
  throw new AppError('bad-config', 'The model has no last layer that could be replaced.', {
    hint: 'Set features to the name of the value that a new last layer is to see.',
  });
}

/** A batch that the export fixed shows in the shapes that the model computes. */
function checkBatch(value: Value, pixels: Value): void {
  if (value.shape[0] === pixels.shape[0] && value.rank >= 2) return;
  throw new AppError('bad-config', `The model gives [${value.shape.join(', ')}] for a batch of ${pixels.shape[0]}.`, {
    hint: 'Export it with an open batch size (dynamic_axes or dynamic_shapes), or choose other features.',
  });
}
