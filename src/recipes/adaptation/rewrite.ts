import { type OnnxModel, type OnnxTensor, packNumbers, trainableTensors, unpackNumbers } from '../../graph/index.ts';
import type { Adaptation, AdaptKind } from './adaptation.ts';
import { chosenWeights, type FixedWeight, lastProduct } from './fixedWeights.ts';
import { withSoftPrompt } from './promptedFile.ts';
import { roomOf } from './promptRoom.ts';

/** The averaged weights of a parameter by its name within the model's scope; undefined where nothing was learned, as behind a cut. */
export type Learned = (name: string) => Float32Array | undefined;

/**
 * The file's model with what was learned in it: trained weights in their places, changes of low rank added to theirs, a soft prompt ahead of its tokens. Open
 * sizes, names and operator set stay. `tokens` is the name of its input of tokens.
 */
export function rewrittenModel(model: OnnxModel, adaptation: Adaptation, tokens: string, learned: Learned): OnnxModel {
  return rewriters[adaptation.kind](model, adaptation, tokens, learned);
}

type Rewrite = (model: OnnxModel, adaptation: Adaptation, tokens: string, learned: Learned) => OnnxModel;

const rewriters: { readonly [K in AdaptKind]: Rewrite } = {
  all: (model, _adaptation, _tokens, learned) =>
    withTensors(model, trainableTensors(model), ({ name }) => learned(name)),
  head: (model, _adaptation, _tokens, learned) =>
    withTensors(model, [lastProduct(model).weight], ({ name }) => learned(name)),
  lora: withLowRank,
  dora: withLowRank,
  'soft-prompt': (model, adaptation, tokens, learned) => {
    const values = learned('prompt');
    return values === undefined ? model : withSoftPrompt(model, tokens, { ...roomOf(adaptation), values });
  },
};

function withLowRank(
  model: OnnxModel,
  { kind, rank, alpha, targets }: Adaptation,
  _tokens: string,
  learned: Learned,
): OnnxModel {
  const layers = new Map(chosenWeights(model, targets).map((layer) => [layer.weight, layer]));
  return withTensors(model, [...layers.keys()], (tensor) => {
    const layer = layers.get(tensor)!;
    const part = (name: string) => learned(`${layer.name}/${name}`);
    const [down, up] = [part('down'), part('up')];
    if (down === undefined || up === undefined) return undefined;
    const values = merged(layer, down, up, { rank, factor: alpha / rank });
    if (kind === 'dora') bringToLength(layer, values, part('magnitude')!);
    return values;
  });
}

/** W + factor·A·B: [in, out], or the weight's own way round. */
function merged(
  layer: FixedWeight,
  down: Float32Array,
  up: Float32Array,
  { rank, factor }: { readonly rank: number; readonly factor: number },
): Float64Array {
  const values = unpackNumbers(layer.weight.data, 'float32');
  const { inputs, outputs } = layer;
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      let change = 0;
      for (let r = 0; r < rank; r++) change += down[i * rank + r]! * up[r * outputs + o]!;
      values[placeOf(layer, i, o)]! += factor * change;
    }
  }
  return values;
}

/** Each output's weights scaled to a length. */
function bringToLength(layer: FixedWeight, values: Float64Array, lengths: Float32Array): void {
  for (let o = 0; o < layer.outputs; o++) {
    let sum = 0;
    for (let i = 0; i < layer.inputs; i++) sum += values[placeOf(layer, i, o)]! ** 2;
    const factor = lengths[o]! / Math.sqrt(sum);
    for (let i = 0; i < layer.inputs; i++) values[placeOf(layer, i, o)]! *= factor;
  }
}

function placeOf({ transposed, inputs, outputs }: FixedWeight, input: number, output: number): number {
  return transposed ? output * inputs + input : input * outputs + output;
}

/** The model with other numbers in some of its tensors. */
function withTensors(
  model: OnnxModel,
  tensors: readonly OnnxTensor[],
  numbers: (tensor: OnnxTensor) => ArrayLike<number> | undefined,
): OnnxModel {
  const changed = new Set(tensors);
  const initializers = model.graph.initializers.map((tensor) => {
    const values = changed.has(tensor) ? numbers(tensor) : undefined;
    return values === undefined ? tensor : { ...tensor, data: packNumbers(values, tensor.dtype) };
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
