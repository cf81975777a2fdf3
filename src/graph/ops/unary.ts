import type { OpName } from '../attributes.ts';
import { div, greater, less, mul, sub, where } from '../build/binary.ts';
import { cast, cos, exp, neg, sin } from '../build/unary.ts';
import { dtypes, isFloating } from '../dtype.ts';
import type { OpDefinition, OpTable, Value } from '../ir.ts';
import { intAttribute } from '../onnx/model.ts';
import { sameAsInput } from './helpers.ts';

type UnaryOp =
  | 'Neg'
  | 'Exp'
  | 'Log'
  | 'Sqrt'
  | 'Erf'
  | 'Sin'
  | 'Cos'
  | 'Tanh'
  | 'Sigmoid'
  | 'Relu'
  | 'Abs'
  | 'Reciprocal'
  | 'Floor'
  | 'Not'
  | 'Identity'
  | 'StopGradient'
  | 'Cast';

/** y = f(x) entry by entry. Each rule gives f′(x)·d, which serves both modes since the Jacobian is diagonal. */
export const unaryOps: OpTable<UnaryOp> = {
  Neg: diagonal((d) => neg(d)),
  Exp: diagonal((d, _x, y) => mul(d, y)),
  Log: diagonal((d, x) => div(d, x)),
  // 1 / (2√x)
  Sqrt: diagonal((d, _x, y) => div(mul(d, 0.5), y)),
  // 2/√π · exp(−x²)
  Erf: diagonal((d, x) => mul(d, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  Sin: diagonal((d, x) => mul(d, cos(x))),
  Cos: diagonal((d, x) => neg(mul(d, sin(x)))),
  // 1 − y²
  Tanh: diagonal((d, _x, y) => mul(d, sub(1, mul(y, y)))),
  // y (1 − y)
  Sigmoid: diagonal((d, _x, y) => mul(d, mul(y, sub(1, y)))),
  // 1 where x > 0, else 0. A product with the mask as numbers takes two thirds of the time of where().
  // By y, which is what the next layer keeps anyway: ONNX Runtime computes it within the product before where nothing else reads x.
  Relu: diagonal((d, _x, y) => mul(d, cast(greater(y, 0), d.dtype))),
  // the sign of x
  Abs: diagonal((d, x) => where(greater(x, 0), d, where(less(x, 0), neg(d), 0))),
  // −1/x² = −y²
  Reciprocal: diagonal((d, _x, y) => neg(mul(d, mul(y, y)))),
  Floor: { infer: sameAsInput, vjp: 'zero', jvp: 'zero' },
  Not: { infer: ([x]) => [{ shape: x!.shape, dtype: 'bool' }], vjp: 'zero', jvp: 'zero' },
  Identity: diagonal((d) => d),
  StopGradient: { infer: sameAsInput, vjp: 'zero', jvp: 'zero' },
  Cast: {
    infer: ([x], { to }) => [{ shape: x!.shape, dtype: to }],
    onnx: (node) => ({
      type: 'Cast',
      inputs: node.inputs,
      attributes: { to: intAttribute(dtypes[node.attributes.to].code) },
    }),
    vjp: ({ inputs: [x] }, [dy]) => [dy && isFloating(x!.dtype) ? cast(dy, x!.dtype) : null],
    jvp: (node, [dx]) => [dx && isFloating(node.attributes.to) ? cast(dx, node.attributes.to) : null],
  },
};

type DiagonalOp = Exclude<UnaryOp, 'Cast'>;

function diagonal<Op extends DiagonalOp & OpName>(slope: (d: Value, x: Value, y: Value) => Value): OpDefinition<Op> {
  return {
    infer: sameAsInput,
    vjp: ({ inputs: [x], outputs: [y] }, [dy]) => [dy ? slope(dy, x!, y!) : null],
    jvp: ({ inputs: [x], outputs: [y] }, [dx]) => [dx ? slope(dx, x!, y!) : null],
  };
}
