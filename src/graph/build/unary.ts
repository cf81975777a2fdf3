import type { DType } from '../dtype.ts';
import { peel } from '../inspect.ts';
import type { Value } from '../ir.ts';
import { unary } from './operands.ts';

/** Turns a bool value round. */
export function not(a: Value): Value {
  return unary('Not', a);
}

/** −a */
export function neg(a: Value): Value {
  const inner = peel(a, 'Neg');
  return inner === null ? unary('Neg', a) : inner.inputs[0]!;
}

/** eᵃ */
export function exp(a: Value): Value {
  return unary('Exp', a);
}

/** Natural logarithm. */
export function log(a: Value): Value {
  return unary('Log', a);
}

/** √a */
export function sqrt(a: Value): Value {
  return unary('Sqrt', a);
}

/** The error function 2/√π ∫₀ᵃ exp(−t²) dt. */
export function erf(a: Value): Value {
  return unary('Erf', a);
}

export function sin(a: Value): Value {
  return unary('Sin', a);
}

export function cos(a: Value): Value {
  return unary('Cos', a);
}

export function tanh(a: Value): Value {
  return unary('Tanh', a);
}

/** 1 / (1 + e⁻ᵃ) */
export function sigmoid(a: Value): Value {
  return unary('Sigmoid', a);
}

/** max(a, 0); the derivative at 0 is 0. */
export function relu(a: Value): Value {
  return unary('Relu', a);
}

/** |a|; the derivative at 0 is 0. */
export function abs(a: Value): Value {
  return unary('Abs', a);
}

/** 1 / a */
export function reciprocal(a: Value): Value {
  return unary('Reciprocal', a);
}

/** The largest whole number not above a. Its derivative is zero. */
export function floor(a: Value): Value {
  return unary('Floor', a);
}

/** A copy. Costs memory traffic at run time: use only where another name is needed. */
export function identity(a: Value): Value {
  return unary('Identity', a);
}

/** The same value, as a constant for both modes of differentiation. Costs nothing at run time. */
export function stopGradient(a: Value): Value {
  return unary('StopGradient', a);
}

/** The same numbers as another type. Nothing happens where the type is right already. */
export function cast(a: Value, to: DType): Value {
  return a.dtype === to ? a : a.graph.apply('Cast', [a], { to })[0]!;
}
