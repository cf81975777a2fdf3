import { add, mul, sub } from '../build/binary.ts';
import { exp } from '../build/unary.ts';
import type { OpDefinition, OpTable, Value } from '../ir.ts';
import { sameAsInput } from './helpers.ts';

type GatedOp = 'Silu' | 'Gelu' | 'SquaredRelu';

/**
 * y = x·s where s is a known function of x. The rules give the whole derivative along x and none along s, which takes fewer passes over
 * memory than the rules of the single operations together.
 */
export const gatedOps: OpTable<GatedOp> = {
  // s = sigmoid(x): y′ = s + x·s·(1 − s) = s + y − y·s
  Silu: gated((d, _x, s, y) => mul(d, add(s, sub(y, mul(y, s))))),
  // s = max(x, 0): y′ = 2s. The 2 goes to d, which often comes out of a matrix product that takes factors for nothing.
  SquaredRelu: gated((d, _x, s) => mul(mul(d, 2), s)),
  // s = Φ(x): y′ = s + x·φ(x), φ(x) = exp(−x²/2)/√(2π)
  Gelu: gated((d, x, s) => mul(d, add(s, mul(x, mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI)))))),
};

function gated<Op extends GatedOp>(rule: (d: Value, x: Value, s: Value, y: Value) => Value): OpDefinition<Op> {
  return {
    infer: sameAsInput,
    onnx: ({ inputs }) => ({ type: 'Mul', inputs }),
    vjp: ({ inputs: [x, s], outputs: [y] }, [dy]) => [dy ? rule(dy, x!, s!, y!) : null, null],
    jvp: ({ inputs: [x, s], outputs: [y] }, [dx]) => [dx ? rule(dx, x!, s!, y!) : null],
  };
}
