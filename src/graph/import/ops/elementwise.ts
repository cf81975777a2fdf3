import { gelu, silu } from '../../build/activations.ts';
import * as binary from '../../build/binary.ts';
import * as unary from '../../build/unary.ts';
import { type DType, dtypeOfCode, isFloating } from '../../dtype.ts';
import type { Value } from '../../ir.ts';
import type { ImportedNode } from '../importedNode.ts';
import type { Importer, Importers } from '../importer.ts';

/** Operators that act entry by entry, with broadcasting. */
export const elementwiseImporters: Importers = {
  Neg: one(unary.neg),
  Exp: one(unary.exp),
  Log: one(unary.log),
  Sqrt: one(unary.sqrt),
  Erf: one(unary.erf),
  Sin: one(unary.sin),
  Cos: one(unary.cos),
  Tanh: one(unary.tanh),
  Sigmoid: one(unary.sigmoid),
  Relu: one(unary.relu),
  Abs: one(unary.abs),
  Reciprocal: one(unary.reciprocal),
  Floor: one(unary.floor),
  Ceil: one((x) => unary.neg(unary.floor(unary.neg(x)))),
  Not: one(unary.not),
  // PyTorch's exporter puts one behind the softmax of every scaled_dot_product_attention, so that places which see nothing give zeros.
  IsNaN: one((x) => unary.not(binary.equal(x, x))),
  Identity: one((x) => x),
  Sign: one((x) => binary.sub(asNumbers(binary.greater(x, 0), x), asNumbers(binary.less(x, 0), x))),
  Softplus: one(softplus),
  Softsign: one((x) => binary.div(x, binary.add(unary.abs(x), 1))),
  Mish: one((x) => binary.mul(x, unary.tanh(softplus(x)))),
  Elu: (node) => elu(node.value(0), node.float('alpha', 1), 1),
  Selu: (node) => elu(node.value(0), node.float('alpha', 1.6732632423543772), node.float('gamma', 1.0507009873554805)),
  LeakyRelu: (node) => leaky(node.value(0), node.float('alpha', 0.01)),
  PRelu: (node) => leaky(node.value(0), node.value(1)),
  HardSigmoid: (node) => hardSigmoid(node.value(0), node.float('alpha', 0.2), node.float('beta', 0.5)),
  HardSwish: one((x) => binary.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: (node) => {
    const alpha = node.float('alpha', 1);
    return alpha === 1
      ? silu(node.value(0))
      : binary.mul(node.value(0), unary.sigmoid(binary.mul(node.value(0), alpha)));
  },
  Gelu: (node) => (node.text('approximate', 'none') === 'tanh' ? tanhGelu(node.value(0)) : gelu(node.value(0))),
  Clip: (node) => clip(node),
  Cast: (node) => unary.cast(node.value(0), castTarget(node)),
  CastLike: (node) => unary.cast(node.value(0), node.value(1).dtype),
  Add: two(binary.add),
  Sub: two(binary.sub),
  Mul: two(binary.mul),
  Div: two(binary.div),
  Pow: power,
  Mod: two((a, b) => (isFloating(a.dtype) ? remainder(a, b) : binary.mod(a, b))),
  Max: many(binary.maximum),
  Min: many(binary.minimum),
  Sum: many(binary.add),
  Mean: (node) => binary.div(reduced(node, binary.add), node.inputs.length),
  Equal: two(binary.equal),
  Greater: two(binary.greater),
  GreaterOrEqual: two(binary.greaterOrEqual),
  Less: two(binary.less),
  LessOrEqual: two(binary.lessOrEqual),
  And: two(binary.and),
  Or: two(binary.or),
  Xor: two((a, b) => unary.not(binary.equal(unary.cast(a, 'int32'), unary.cast(b, 'int32')))),
  Where: (node) => binary.where(node.value(0), node.value(1), node.value(2)),
  // Inference semantics: what is trained further gets its dropout from the recipe.
  Dropout: (node) => {
    const x = node.value(0);
    if (!node.wants(1)) return x;
    return [x, binary.equal(unary.cast(x, 'float32'), unary.cast(x, 'float32'))];
  },
};

function one(build: (x: Value) => Value): Importer {
  return (node) => build(node.value(0));
}

function two(build: (a: Value, b: Value) => Value): Importer {
  return (node) => build(node.value(0), node.value(1));
}

function many(build: (a: Value, b: Value) => Value): Importer {
  return (node) => reduced(node, build);
}

function reduced(node: ImportedNode, build: (a: Value, b: Value) => Value): Value {
  return node.inputs.reduce((a, b) => build(a, b));
}

function asNumbers(flags: Value, like: Value): Value {
  return unary.cast(flags, like.dtype);
}

/** log(1 + eˣ) without overflow. */
function softplus(x: Value): Value {
  return binary.add(binary.maximum(x, 0), unary.log(binary.add(unary.exp(unary.neg(unary.abs(x))), 1)));
}

function elu(x: Value, alpha: number, gamma: number): Value {
  const below = binary.mul(binary.sub(unary.exp(binary.minimum(x, 0)), 1), alpha);
  return binary.mul(binary.where(binary.greater(x, 0), x, below), gamma);
}

function leaky(x: Value, slope: Value | number): Value {
  return binary.where(binary.greater(x, 0), x, binary.mul(x, slope));
}

function hardSigmoid(x: Value, alpha: number, beta: number): Value {
  return binary.minimum(binary.maximum(binary.add(binary.mul(x, alpha), beta), 0), 1);
}

/** The approximation that GPT-2 was trained with (Hendrycks and Gimpel, arXiv 1606.08415, §2). */
function tanhGelu(x: Value): Value {
  const cubic = binary.add(x, binary.mul(binary.mul(binary.mul(x, x), x), 0.044715));
  return binary.mul(binary.mul(x, 0.5), binary.add(unary.tanh(binary.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
}

/** Bounds stand in inputs from operator set 11 on, any of which may be left out. */
function clip(node: ImportedNode): Value {
  const [low, high] = [node.optional(1), node.optional(2)];
  const above = low === undefined ? node.value(0) : binary.maximum(node.value(0), low);
  return high === undefined ? above : binary.minimum(above, high);
}

/** The exponent may have another type than the base. Small whole ones become products. */
function power(node: ImportedNode): Value {
  const [base, exponent] = [node.value(0), node.value(1)];
  const fixed = exponent.source.kind === 'constant' ? node.known(1, 'exponent') : undefined;
  if (fixed?.length === 1 && exponent.rank === 0) {
    if (fixed[0] === 3) return binary.mul(binary.mul(base, base), base);
    return binary.pow(base, fixed[0]!);
  }
  return binary.pow(base, unary.cast(exponent, base.dtype));
}

function remainder(a: Value, b: Value): Value {
  return binary.sub(a, binary.mul(b, unary.floor(binary.div(a, b))));
}

function castTarget(node: ImportedNode): DType {
  const code = node.int('to', 0);
  const dtype = dtypeOfCode(code);
  if (dtype === undefined) throw node.refusal(`converts to the element type ${code}, which is not known here`);
  return dtype;
}
