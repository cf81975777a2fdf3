import {
  add,
  concat,
  expand,
  jvp,
  mul,
  pow,
  reciprocal,
  reduceMean,
  reduceSum,
  sqrt,
  stopGradient,
  sub,
  type Value,
} from '../../graph/index.ts';
import { broadcastTo, type FieldInputs } from '../../nn/vectorField.ts';

/** The mean velocity network as a function in the graph: u(z, r, t | class). */
export type MeanVelocity = (inputs: FieldInputs) => Value;

/** Examples of one part of the batch: the images as states, noise of the same shape, their classes and times [n, 1]. */
export interface FlowExamples {
  readonly data: Value;
  readonly noise: Value;
  readonly labels: Value;
  readonly r: Value;
  readonly t: Value;
}

/** Error of each example of a part, and where it was computed the length of du/dt. */
export interface FlowErrors {
  /** Mean over the state of (u − target)², [n]. */
  readonly squaredError: Value;
  /** Root of the mean over the state of (du/dt)², [n]; absent where r = t. */
  readonly slope?: Value;
}

/**
 * MeanFlow for examples with r < t (Geng et al., "Mean Flows for One-step Generative Modeling", arXiv 2505.13447, equations 8 to 11):
 * z = (1−t)·x + t·e, v = e − x, du/dt = derivative of u along (v, 0, 1) in (z, r, t), target = v − (t−r)·du/dt without gradient.
 */
export function intervalErrors(velocity: MeanVelocity, examples: FlowExamples): FlowErrors {
  const { r, t, labels } = examples;
  const { state, tangent } = pathAt(examples);
  const u = velocity({ state, r, t, labels });
  const seeds = new Map([
    [state, tangent],
    [t, expand(t.graph.scalar(1), t.shape)],
  ]);
  const slope = stopGradient(jvp([u], seeds)[0]!);
  const target = sub(tangent, mul(broadcastTo(sub(t, r), state), slope));
  return { squaredError: meanSquare(sub(u, target)), slope: sqrt(meanSquare(slope)) };
}

/** The same for examples with r = t, where the target is the velocity itself (flow matching) and no derivative is needed. */
export function instantErrors(velocity: MeanVelocity, examples: FlowExamples): FlowErrors {
  const { r, t, labels } = examples;
  const { state, tangent } = pathAt(examples);
  return { squaredError: meanSquare(sub(velocity({ state, r, t, labels }), tangent)) };
}

/** Adaptive weight and mean: mean over the batch of error / (error + constant)^power, the divisor without gradient (equation 22 there). */
export function adaptiveLoss(squaredError: Value, constant: number, power: number): Value {
  const divisor = power === 0.5 ? sqrt(add(squaredError, constant)) : pow(add(squaredError, constant), power);
  return reduceMean(mul(squaredError, stopGradient(reciprocal(divisor))), [0], false);
}

/** Vectors [n] of several parts as one. */
export function joinParts(parts: readonly Value[]): Value {
  return concat(parts, 0);
}

/** The straight path from data to noise: state at time t, and its velocity, which does not depend on t. */
function pathAt({ data, noise, t }: FlowExamples): { readonly state: Value; readonly tangent: Value } {
  const tangent = sub(noise, data);
  return { state: add(data, mul(broadcastTo(t, data), tangent)), tangent };
}

/** [n, ...] → [n] */
function meanSquare(x: Value): Value {
  const axes = x.shape.slice(1).map((_, i) => i + 1);
  const size = x.shape.slice(1).reduce((product, length) => product * length, 1);
  return mul(reduceSum(mul(x, x), axes, false), 1 / size);
}
