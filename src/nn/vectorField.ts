import { add, mul, reciprocal, reshape, sub, type Value } from '../graph/index.ts';
import type { Scope } from './scope.ts';

/** Size of one image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Where a field is evaluated. */
export interface FieldInputs {
  /** float32 [N, ...stateShape]. */
  readonly state: Value;
  /** Start of the interval, float32 [N, 1], 0 ≤ r ≤ t ≤ 1. */
  readonly r: Value;
  /** End of the interval and time of the state, float32 [N, 1]; 0 is data, 1 is noise. */
  readonly t: Value;
  /** Class asked for, int64 [N]. */
  readonly labels: Value;
}

/**
 * A network for the mean velocity between two times. Each network keeps images in the layout that suits it (patches, planes, a row), so
 * that nothing is moved about at every step: noise is drawn and losses are taken in that layout.
 */
export interface VectorField {
  /** Short name of its sizes, for checkpoints: `dit-p7-w128-l4`. */
  readonly name: string;
  /** Shape of one state, without the batch axis. */
  readonly stateShape: readonly number[];
  /** Images [N, height, width, channels] as states. */
  fromImages(images: Value): Value;
  /** States as images [N, height, width, channels]. */
  toImages(states: Value): Value;
  /** The network's output, [N, ...stateShape]. */
  evaluate(scope: Scope, inputs: FieldInputs): Value;
}

/**
 * The field plus the part of the velocity that is linear in the state, which is known in closed form and then need not be learned. For
 * z = (1−t)·x + t·e with e of variance 1 and x of mean 0 and variance s², the regression of v = e − x on z has the slope
 * (t − (1−t)·s²) / (t² + (1−t)²·s²). At t = 1 the slope is 1: in the one-step sample z − u the noise cancels exactly and the
 * network gives the negative image itself, so no grain of noise is left over.
 */
export function withLinearPart(field: VectorField, dataVariance: number): VectorField {
  return {
    ...field,
    evaluate(scope, inputs) {
      const { state, t } = inputs;
      const rest = sub(1, t);
      const covariance = sub(t, mul(rest, dataVariance));
      const variance = add(mul(t, t), mul(mul(rest, rest), dataVariance));
      const slope = broadcastTo(mul(covariance, reciprocal(variance)), state);
      return add(mul(slope, state), field.evaluate(scope, inputs));
    },
  };
}

/** One number per example [N, 1] with as many axes as the states have, for broadcasting. */
export function broadcastTo(perExample: Value, states: Value): Value {
  return reshape(perExample, [perExample.shape[0]!, ...states.shape.slice(1).map(() => 1)]);
}
