import { type OnnxModel, type OnnxTensor, packNumbers, trainableTensors, unpackNumbers } from '../../graph/index.ts';
import type { Adaptation, AdaptKind } from './adapt.ts';
import { chosenProducts, type FixedProduct, lastProduct } from './fixedProducts.ts';
import { withSoftPrompt } from './promptedFile.ts';

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
  'soft-prompt': (model, { promptTokens }, tokens, learned) => {
    const values = learned('prompt');
    return values === undefined ? model : withSoftPrompt(model, tokens, { count: promptTokens, values });
  },
};

function withLowRank(
  model: OnnxModel,
  { rank, alpha, targets }: Adaptation,
  _tokens: string,
  learned: Learned,
): OnnxModel {
  const products = new Map(chosenProducts(model, targets).map((product) => [product.weight, product]));
  return withTensors(model, [...products.keys()], (tensor) => {
    const product = products.get(tensor)!;
    const [down, up] = [learned(`${product.name}/down`), learned(`${product.name}/up`)];
    return down === undefined || up === undefined
      ? undefined
      : merged(product, down, up, { rank, factor: alpha / rank });
  });
}

/** W + factor·A·B: [in, out], or the weight's own way round. */
function merged(
  { weight, transposed }: FixedProduct,
  down: Float32Array,
  up: Float32Array,
  { rank, factor }: { readonly rank: number; readonly factor: number },
): Float64Array {
  const values = unpackNumbers(weight.data, 'float32');
  const [inputs, outputs] = [down.length / rank, up.length / rank];
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      let change = 0;
      for (let r = 0; r < rank; r++) change += down[i * rank + r]! * up[r * outputs + o]!;
      const at = transposed ? o * inputs + i : i * outputs + o;
      values[at] = values[at]! + factor * change;
    }
  }
  return values;
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
