import {
  add,
  type BaseGraph,
  concat,
  expand,
  type ImportOptions,
  matmul,
  mul,
  narrow,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  trainableTensors,
  unpackNumbers,
  type Value,
} from '../../graph/index.ts';
import { normal, scaledNormal, zeros } from '../../nn/initializers.ts';
import type { Scope } from '../../nn/scope.ts';
import { chosenProducts, type FixedProduct } from './fixedProducts.ts';

/** What of a model from elsewhere changes in training. Everything else stays as it is in the file and has no state of an optimizer. */
export const adaptKinds = ['all', 'lora', 'head', 'soft-prompt'] as const;
export type AdaptKind = (typeof adaptKinds)[number];

export interface Adaptation {
  readonly kind: AdaptKind;
  readonly rank: number;
  readonly alpha: number;
  /** Parts of names of matrix products; none: all but the last. */
  readonly targets: readonly string[];
  /** Learned vectors ahead of the tokens. */
  readonly promptTokens: number;
}

/** How a model is imported so that the adapted parts are parameters of a scope. */
export type AdaptedImport = Pick<ImportOptions, 'parameter' | 'change'>;

/**
 * The adaptation of a model as options of its import. With `merged`, changes of low rank are added to the weights themselves: for a graph whose parameters
 * are constants, an exported one. `tokens` is the name of the model's input of tokens.
 */
export function adaptedImport(
  scope: Scope,
  model: OnnxModel,
  adaptation: Adaptation,
  { merged = false, tokens = '' } = {},
): AdaptedImport {
  return adaptations[adaptation.kind](scope, model, adaptation, { merged, tokens });
}

type Adapt = (
  scope: Scope,
  model: OnnxModel,
  adaptation: Adaptation,
  how: { merged: boolean; tokens: string },
) => AdaptedImport;

const adaptations: { readonly [K in AdaptKind]: Adapt } = {
  all: (scope, model) => trained(scope, new Set(trainableTensors(model))),
  head: () => ({}),
  lora: lowRank,
  'soft-prompt': softPrompted,
};

/** The tensors of the file as parameters that begin as they are there. */
export function trained(scope: Scope, tensors: ReadonlySet<OnnxTensor>): AdaptedImport {
  return {
    parameter: (tensor) =>
      tensors.has(tensor)
        ? scope.parameter(tensor.name, tensor.shape, {
            kind: 'values',
            values: unpackNumbers(tensor.data, tensor.dtype),
          })
        : undefined,
  };
}

/** x·W + (alpha / rank)·x·A·B (Hu et al., arXiv 2106.09685, equation 3): A begins by chance and B at zero, so that the model begins as it was. */
function lowRank(
  scope: Scope,
  model: OnnxModel,
  { rank, alpha, targets }: Adaptation,
  { merged }: { merged: boolean },
): AdaptedImport {
  const products = chosenProducts(model, targets);
  const factor = alpha / rank;
  const factors = (product: FixedProduct) => loraFactors(scope, product, rank);
  if (merged) {
    const byWeight = new Map(products.map((product) => [product.weight, product]));
    return {
      parameter: (tensor, graph) => {
        const product = byWeight.get(tensor);
        return product === undefined ? undefined : mergedWeight(graph, product, factors(product), factor);
      },
    };
  }
  const byNode = new Map<OnnxNode, FixedProduct>(products.map((product) => [product.node, product]));
  return {
    change: (node, [x], [y]) => {
      const product = byNode.get(node);
      if (product === undefined || x === undefined || y === undefined) return undefined;
      const { down, up } = factors(product);
      return [add(y, mul(matmul(matmul(x, down), up), factor * scaleOf(node)))];
    },
  };
}

interface Factors {
  readonly down: Value;
  readonly up: Value;
}

function loraFactors(scope: Scope, { name, weight, transposed }: FixedProduct, rank: number): Factors {
  const [inputs, outputs] = (transposed ? weight.shape.toReversed() : weight.shape) as [number, number];
  return scope.within(name, (inner) => ({
    down: inner.parameter('down', [inputs, rank], scaledNormal(inputs), { decay: false }),
    up: inner.parameter('up', [rank, outputs], zeros, { decay: false }),
  }));
}

/** W + factor·A·B, computed now where the factors are constants, and in the graph otherwise. */
function mergedWeight(
  graph: BaseGraph,
  { weight, transposed }: FixedProduct,
  { down, up }: Factors,
  factor: number,
): Value {
  const values = Float32Array.from(unpackNumbers(weight.data, 'float32'));
  const [a, b] = [constantNumbers(down), constantNumbers(up)];
  const [inputs, rank] = down.shape as [number, number];
  const outputs = up.shape[1]!;
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      let change = 0;
      for (let r = 0; r < rank; r++) change += a[i * rank + r]! * b[r * outputs + o]!;
      const at = transposed ? o * inputs + i : i * outputs + o;
      values[at] = values[at]! + factor * change;
    }
  }
  return graph.constant(values, weight.shape);
}

function constantNumbers({ source, dtype }: Value): Float64Array {
  if (source.kind === 'constant') return unpackNumbers(source.data, dtype);
  throw new Error('Changes of low rank can be merged only where they are constants.');
}

/** Gemm multiplies its product by alpha (https://onnx.ai/onnx/operators/onnx__Gemm.html), and its weight's change with it. */
function scaleOf({ attributes }: OnnxNode): number {
  const alpha = attributes['alpha'];
  return alpha?.kind === 'float' ? alpha.value : 1;
}

/**
 * Learned vectors in the place of the embeddings of the first tokens (Lester et al., arXiv 2104.08691). The tokens that are fed there are never seen, but the
 * model numbers the places as if they were, so positions and masks are right.
 */
function softPrompted(
  scope: Scope,
  model: OnnxModel,
  { promptTokens: count }: Adaptation,
  { tokens }: { tokens: string },
): AdaptedImport {
  const lookup = embeddingOf(model, tokens);
  return {
    change: (node, _inputs, [embedded]) => {
      if (node !== lookup || embedded === undefined) return undefined;
      const [examples, length, width] = embedded.shape as [number, number, number];
      const prompt = scope.within('prompt', (inner) =>
        inner.parameter('prompt', [count, width], normal(0.02), { decay: false }),
      );
      return [concat([expand(prompt, [examples, count, width]), narrow(embedded, 1, count, length - count)], 1)];
    },
  };
}

/** The Gather that looks tokens up in a table of the file; between the input and it there may be changes of shape and type. */
function embeddingOf({ graph }: OnnxModel, tokens: string): OnnxNode | undefined {
  const tensors = new Set(graph.initializers.map(({ name }) => name));
  const same = new Set([tokens]);
  for (const node of graph.nodes) {
    if (node.type === 'Gather' && tensors.has(node.inputs[0]!) && same.has(node.inputs[1]!)) return node;
    const keeps = node.type === 'Reshape' || node.type === 'Cast' || node.type === 'Identity';
    if (keeps && same.has(node.inputs[0]!)) for (const output of node.outputs) same.add(output);
  }
  return undefined;
}
