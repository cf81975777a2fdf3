import {
  add,
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
import { embeddingOf } from './embedding.ts';
import { chosenProducts, type FixedProduct, lastProduct } from './fixedProducts.ts';

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

/** The adaptation of a model as options of its import. `tokens` is the name of the model's input of tokens. */
export function adaptedImport(scope: Scope, model: OnnxModel, adaptation: Adaptation, tokens: string): AdaptedImport {
  return adaptations[adaptation.kind](scope, model, adaptation, tokens);
}

type Adapt = (scope: Scope, model: OnnxModel, adaptation: Adaptation, tokens: string) => AdaptedImport;

const adaptations: { readonly [K in AdaptKind]: Adapt } = {
  all: (scope, model) => trained(scope, new Set(trainableTensors(model))),
  head: (scope, model) => trained(scope, new Set([lastProduct(model).weight])),
  lora: lowRank,
  'soft-prompt': softPrompted,
};

/** The tensors of the file as parameters that begin as they are there. */
function trained(scope: Scope, tensors: ReadonlySet<OnnxTensor>): AdaptedImport {
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
function lowRank(scope: Scope, model: OnnxModel, adaptation: Adaptation): AdaptedImport {
  const { rank, alpha, targets } = adaptation;
  const products = chosenProducts(model, targets);
  const byNode = new Map<OnnxNode, FixedProduct>(products.map((product) => [product.node, product]));
  return {
    change: (node, [x], [y]) => {
      const product = byNode.get(node);
      if (product === undefined || x === undefined || y === undefined) return undefined;
      const { down, up } = loraFactors(scope, product, rank);
      return [add(y, mul(matmul(matmul(x, down), up), (alpha / rank) * scaleOf(node)))];
    },
  };
}

function loraFactors(scope: Scope, { name, weight, transposed }: FixedProduct, rank: number) {
  const [inputs, outputs] = (transposed ? weight.shape.toReversed() : weight.shape) as [number, number];
  return scope.within(name, (inner) => ({
    down: inner.parameter('down', [inputs, rank], scaledNormal(inputs), { decay: false }),
    up: inner.parameter('up', [rank, outputs], zeros, { decay: false }),
  }));
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
  tokens: string,
): AdaptedImport {
  return promptedImport(model, tokens, count, (examples, width) =>
    expand(scope.parameter('prompt', [count, width], normal(0.02), { decay: false }), [examples, count, width]),
  );
}

/** An import in which vectors [examples, count, width] stand in the place of the embeddings of the first `count` tokens. */
export function promptedImport(
  model: OnnxModel,
  tokens: string,
  count: number,
  prompt: (examples: number, width: number) => Value,
): AdaptedImport {
  const lookup = embeddingOf(model, tokens);
  return {
    change: (node, _inputs, [embedded]) => {
      if (node !== lookup || embedded === undefined) return undefined;
      const [examples, length, width] = embedded.shape as [number, number, number];
      return [concat([prompt(examples, width), narrow(embedded, 1, count, length - count)], 1)];
    },
  };
}
