import type { ReduceAttributes } from '../attributes.ts';
import { div, equal, mul, sub } from '../build/binary.ts';
import { matmul } from '../build/linalg.ts';
import { expand, reshape, swapLast } from '../build/movement.ts';
import { reduceMean, reduceSum } from '../build/reduction.ts';
import { cast, exp, neg } from '../build/unary.ts';
import { peel } from '../inspect.ts';
import type { Node, OnnxForm, OpDefinition, OpTable, TensorType, Value } from '../ir.ts';
import { intAttribute } from '../onnx/model.ts';
import { refuse, type Shape, sameShape, sizeOf, withSize } from '../shape.ts';
import { addTangents, int64Literal, linear, needFloating } from './helpers.ts';

type ReductionOp =
  | 'ReduceSum'
  | 'ReduceMean'
  | 'ReduceMax'
  | 'ReduceMin'
  | 'ArgMax'
  | 'Softmax'
  | 'LogSoftmax'
  | 'Standardize';
type ReduceOp = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin';

export const reductionOps: OpTable<ReductionOp> = {
  ReduceSum: linear({
    infer: inferReduced,
    onnx: reduceForm,
    forward: (dx, { attributes: { axes, keepDims } }) => reduceSum(dx, axes, keepDims),
    transposed: (dy, node) => expand(kept(dy, node), node.inputs[0]!.shape),
  }),
  ReduceMean: linear({
    infer: inferReduced,
    onnx: reduceForm,
    forward: (dx, { attributes: { axes, keepDims } }) => reduceMean(dx, axes, keepDims),
    transposed: (dy, node) => {
      const { shape } = node.inputs[0]!;
      const count = sizeOf(node.attributes.axes.map((axis) => shape[axis]!));
      return expand(mul(kept(dy, node), 1 / count), shape);
    },
  }),
  ReduceMax: extreme(),
  ReduceMin: extreme(),
  ArgMax: {
    infer: ([x], { axis, keepDims }) => [{ shape: reducedShape(x!.shape, [axis], keepDims), dtype: 'int64' }],
    onnx: ({ inputs, attributes: { axis, keepDims } }) => ({
      type: 'ArgMax',
      inputs,
      attributes: { axis: intAttribute(axis), keepdims: intAttribute(keepDims ? 1 : 0) },
    }),
    vjp: 'zero',
    jvp: 'zero',
  },
  // The Jacobian diag(y) − y·yᵀ is symmetric: y·(d − Σ d·y) in both modes.
  Softmax: {
    infer: inferSame,
    onnx: axisForm,
    vjp: (node, [dy]) => [dy ? (attentionGradient(dy, node) ?? softmaxProduct(dy, node)) : null],
    jvp: (node, [dx]) => [dx ? softmaxProduct(dx, node) : null],
  },
  // y = x − log Σ exp x, so dy = dx − Σ softmax·dx, and transposed dx = dy − softmax·Σ dy.
  LogSoftmax: {
    infer: inferSame,
    onnx: axisForm,
    vjp: ({ outputs: [y], attributes: { axis } }, [dy]) => [dy ? sub(dy, mul(exp(y!), reduceSum(dy, [axis]))) : null],
    jvp: ({ outputs: [y], attributes: { axis } }, [dx]) => [dx ? sub(dx, reduceSum(mul(exp(y!), dx), [axis])) : null],
  },
  // y = (x − mean x)·r with r = (variance + ε)^−½. Then dy = r·(dx − mean dx − y·mean(y·dx)), a symmetric Jacobian, and
  // dr = −r²·mean(y·dx). ONNX gives r as float32 whatever the type of x.
  Standardize: {
    infer: ([x]) => standardizedTypes(x!),
    onnx: standardizeForm,
    vjp: ({ inputs: [x], outputs: [y, spread] }, [dy, dSpread]) => {
      const r = cast(spread!, x!.dtype);
      const throughY = dy ? standardizeProduct(dy, y!, r) : null;
      if (!dSpread) return [throughY];
      const scale = mul(mul(cast(dSpread, x!.dtype), mul(r, r)), -1 / x!.shape.at(-1)!);
      return [addTangents(throughY, mul(y!, scale))];
    },
    jvp: ({ inputs: [x], outputs: [y, spread] }, [dx]) => {
      if (!dx) return [null, null];
      const r = cast(spread!, x!.dtype);
      const dr = neg(mul(mul(r, r), reduceMean(mul(y!, dx), [-1])));
      return [standardizeProduct(dx, y!, r), cast(dr, 'float32')];
    },
  },
};

function standardizeProduct(d: Value, y: Value, r: Value): Value {
  const along = mul(y, reduceMean(mul(d, y), [-1]));
  return mul(sub(sub(d, reduceMean(d, [-1])), along), r);
}

function standardizedTypes(x: Value): readonly TensorType[] {
  needFloating('standardize', x);
  if (x.rank === 0) throw refuse('standardize needs at least one axis.');
  return [
    { shape: x.shape, dtype: x.dtype },
    { shape: withSize(x.shape, x.rank - 1, 1), dtype: 'float32' },
  ];
}

/** The second output of LayerNormalization, the mean, is left out; its gain is all ones. */
function standardizeForm({ inputs: [x], outputs, attributes }: Node<'Standardize'>): OnnxForm {
  const width = x!.shape.at(-1)!;
  const gain = { dtype: x!.dtype, shape: [width], values: Array.from({ length: width }, () => 1) };
  return {
    type: 'LayerNormalization',
    inputs: [x!, gain],
    outputs: [outputs[0]!, null, outputs[1]!],
    attributes: { axis: intAttribute(-1), epsilon: { kind: 'float', value: attributes.epsilon } },
  };
}

/** The largest or smallest: the derivative is shared evenly by the entries that equal it. */
function extreme<Op extends 'ReduceMax' | 'ReduceMin'>(): OpDefinition<Op> {
  return {
    infer: inferReduced,
    onnx: reduceForm,
    vjp: (node, [dy]) => [dy ? mul(shares(node), kept(dy, node)) : null],
    jvp: (node, [dx]) => {
      const { axes, keepDims } = node.attributes as ReduceAttributes;
      return [dx ? reduceSum(mul(shares(node), dx), axes, keepDims) : null];
    },
  };
}

/** 1/n at the n entries that equal the extreme, 0 elsewhere. */
function shares(node: Node<'ReduceMax' | 'ReduceMin'>): Value {
  const x = node.inputs[0]!;
  const hits = cast(equal(x, kept(node.outputs[0]!, node)), x.dtype);
  return div(hits, reduceSum(hits, node.attributes.axes));
}

/**
 * The same where d comes out of the product of attention, O = y·V and d = dO·Vᵀ: then Σ d·y along a row of scores is Σ dO·O along the shorter row of O
 * (Dao et al., arXiv 2205.14135, appendix B.2), which saves two of five passes over the scores. Null where it does not.
 */
function attentionGradient(d: Value, { outputs: [y], attributes: { axis } }: Node<'Softmax'>): Value | null {
  const product = peel(d, 'MatMul');
  if (product === null || axis !== y!.rank - 1) return null;
  const [dOutput, factor] = product.inputs as [Value, Value];
  const values = peel(factor, 'Transpose')?.inputs[0];
  if (values === undefined || swapLast(values) !== factor || values.shape.at(-1)! >= y!.shape.at(-1)!) return null;
  // The same node as in the forward pass, since equal nodes are one.
  const output = matmul(y!, values);
  return sameShape(output.shape, dOutput.shape) ? mul(y!, sub(d, reduceSum(mul(dOutput, output), [-1]))) : null;
}

function softmaxProduct(d: Value, { outputs: [y], attributes: { axis } }: Node<'Softmax'>): Value {
  const weighted = mul(d, y!);
  return sub(weighted, mul(y!, reduceSum(weighted, [axis])));
}

/** A reduced value with the reduced axes put back as size 1. */
function kept(reduced: Value, node: Node<ReduceOp>): Value {
  return reshape(reduced, reducedShape(node.inputs[0]!.shape, node.attributes.axes, true));
}

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function inferReduced([x]: readonly Value[], { axes, keepDims }: ReduceAttributes) {
  return [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }];
}

function inferSame([x]: readonly Value[]) {
  needFloating('softmax', x!);
  return [{ shape: x!.shape, dtype: x!.dtype }];
}

function reduceForm({ op, inputs, attributes }: Node<ReduceOp>) {
  return {
    type: op,
    inputs: [inputs[0]!, int64Literal(attributes.axes)],
    attributes: { keepdims: intAttribute(attributes.keepDims ? 1 : 0) },
  };
}

function axisForm({ op, inputs, attributes }: Node<'Softmax' | 'LogSoftmax'>) {
  return { type: op, inputs, attributes: { axis: intAttribute(attributes.axis) } };
}
