import { add, div, maximum, minimum, mul, reduceSum, reshape, sqrt, sub, type Value } from '../../graph/index.ts';
import type { OptimizerSettings } from '../../recipes/recipe.ts';
import { emaDecayAt, learningRateAt } from '../../recipes/recipe.ts';

/** The vectors that an optimizer carries from step to step. */
export interface OptimizerState<T> {
  readonly parameters: T;
  /** Σ β₁ᵏ·g over the gradients g of k steps ago: the mean of gradients of the published algorithm divided by 1 − β₁. */
  readonly gradientSum: T;
  /** Σ β₂ᵏ·g²: the mean of squares of the published algorithm divided by 1 − β₂. */
  readonly squareSum: T;
  /** The averaged weights. */
  readonly average: T;
}

/** Parameters that are updated together, as flat vectors of one length. */
export interface PartOfUpdate {
  readonly state: OptimizerState<Value>;
  readonly gradient: Value;
  readonly decays: boolean;
}

/** Numbers that change from step to step and are known before: float32 scalars of the graph. */
export const scheduleNames = ['stepSize', 'rootOffset', 'weightKept', 'averageGain'] as const;
export type ScheduleName = (typeof scheduleNames)[number];
export type Schedule<T> = Readonly<Record<ScheduleName, T>>;

/**
 * The schedule at a step (from 0). The step size and the epsilon hold the corrections of both biases (Kingma and Ba, arXiv 1412.6980, end
 * of section 2: the order of computation with less arithmetic) and the factors that the sums are kept without. `weightKept` is what a
 * step of decay leaves of a weight, 1 − learning rate × decay, and `averageGain` 1 − decay of the averaged weights.
 */
export function scheduleAt(settings: OptimizerSettings, step: number, totalSteps: number): Schedule<number> {
  const { beta1, beta2, epsilon, weightDecay, emaDecay } = settings;
  const learningRate = learningRateAt(settings, step, totalSteps);
  const meanPart = (1 - beta1) / (1 - beta1 ** (step + 1));
  const rootPart = Math.sqrt((1 - beta2) / (1 - beta2 ** (step + 1)));
  return {
    stepSize: (learningRate * meanPart) / rootPart,
    rootOffset: epsilon / rootPart,
    weightKept: 1 - learningRate * weightDecay,
    averageGain: 1 - emaDecayAt(emaDecay, step),
  };
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) with clipping of the gradient's norm over all parts, and of
 * the averaged weights. Every node passes over a whole vector, which is all of the cost: so the moments are kept as sums without their
 * constant factors, and the factors are multiplied as scalars before. `gradientNorm` is the norm before clipping, [].
 */
export function adamwStep(
  settings: OptimizerSettings,
  parts: readonly PartOfUpdate[],
  schedule: Schedule<Value>,
): { readonly next: readonly OptimizerState<Value>[]; readonly gradientNorm: Value } {
  const squares = parts.map(({ gradient }) => mul(gradient, gradient));
  const sums = squares.map((each) => reshape(reduceSum(each, [0], false), []));
  const gradientNorm = sqrt(sums.reduce((total, sum) => add(total, sum)));
  const scale = clipScale(gradientNorm, settings.clipNorm);
  const next = parts.map((part, i) => updatePart(settings, part, squares[i]!, scale, schedule));
  return { next, gradientNorm };
}

function updatePart(
  settings: OptimizerSettings,
  { state, gradient, decays }: PartOfUpdate,
  squares: Value,
  scale: Value | undefined,
  schedule: Schedule<Value>,
): OptimizerState<Value> {
  const { beta1, beta2, weightDecay } = settings;
  const shortened = scale === undefined ? gradient : mul(gradient, scale);
  const shortenedSquares = scale === undefined ? squares : mul(shortened, shortened);
  const gradientSum = add(mul(state.gradientSum, beta1), shortened);
  const squareSum = add(mul(state.squareSum, beta2), shortenedSquares);
  const change = mul(div(gradientSum, add(sqrt(squareSum), schedule.rootOffset)), schedule.stepSize);
  const kept = decays && weightDecay !== 0 ? mul(state.parameters, schedule.weightKept) : state.parameters;
  const parameters = sub(kept, change);
  const average = add(state.average, mul(sub(parameters, state.average), schedule.averageGain));
  return { parameters, gradientSum, squareSum, average };
}

/** min(1, limit / norm), by which the gradient is shortened; undefined without a limit, which 0 means. */
function clipScale(norm: Value, limit: number): Value | undefined {
  if (limit === 0) return undefined;
  return minimum(div(limit, maximum(norm, 1e-12)), 1);
}
