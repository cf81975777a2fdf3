import {
  add,
  cast,
  div,
  greater,
  less,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  sub,
  type Value,
} from '../../graph/index.ts';
import type { OptimizerName, OptimizerSettings } from '../../recipes/recipe.ts';
import { emaDecayAt, learningRateAt } from '../../recipes/recipe.ts';
import { type Matrices, orthogonalized } from './muon.ts';

/** The vectors that an optimizer carries from step to step. */
export interface OptimizerState<T> {
  readonly parameters: T;
  /** Σ βᵏ·g over the gradients g of k steps ago: the mean of gradients of the published algorithm divided by 1 − β. */
  readonly gradientSum: T;
  /** Σ β₂ᵏ·g²: the mean of squares of AdamW divided by 1 − β₂; zeros for optimizers without. */
  readonly squareSum: T;
  /** The averaged weights. */
  readonly average: T;
}

/** Parameters that are updated together, as flat vectors of one length. */
export interface PartOfUpdate {
  readonly state: OptimizerState<Value>;
  readonly gradient: Value;
  readonly decays: boolean;
  /** Where they are not updated by the settings and the schedule of the others. */
  readonly group?: { readonly settings: OptimizerSettings; readonly schedule: Schedule<Value> };
  /** What the vectors hold, for Muon. */
  readonly matrices?: Matrices;
}

/** Numbers that change from step to step and are known before: float32 scalars of the graph. */
export const scheduleNames = ['stepSize', 'rootOffset', 'weightKept', 'averageGain'] as const;
export type ScheduleName = (typeof scheduleNames)[number];
export type Schedule<T> = Readonly<Record<ScheduleName, T>>;

/**
 * The schedule at a step (from 0). `weightKept` is what a step of decay leaves of a weight, 1 − learning rate × decay, and `averageGain` 1 − decay of
 * the averaged weights.
 */
export function scheduleAt(settings: OptimizerSettings, step: number, totalSteps: number): Schedule<number> {
  const { weightDecay, emaDecay } = settings;
  const learningRate = learningRateAt(settings, step, totalSteps);
  return {
    ...rules[settings.kind].sizes(settings, learningRate, step),
    weightKept: 1 - learningRate * weightDecay,
    averageGain: 1 - emaDecayAt(emaDecay, step),
  };
}

/**
 * One step of the optimizer with clipping of the gradient's norm over all parts, and of the averaged weights. Every node passes over a whole vector,
 * which is all of the cost: so moments are kept as sums without their constant factors, and the factors are multiplied as scalars before.
 * `gradientNorm` is the norm before clipping, [].
 */
export function optimizerStep(
  settings: OptimizerSettings,
  parts: readonly PartOfUpdate[],
  schedule: Schedule<Value>,
): { readonly next: readonly OptimizerState<Value>[]; readonly gradientNorm: Value } {
  const squares = parts.map(({ gradient }) => mul(gradient, gradient));
  const sums = squares.map((each) => reshape(reduceSum(each, [0], false), []));
  const gradientNorm = sqrt(sums.reduce((total, sum) => add(total, sum)));
  const scale = clipScale(gradientNorm, settings.clipNorm);
  const next = parts.map((part, i) => {
    const group = part.group ?? { settings, schedule };
    return updatePart(group.settings, part, squares[i]!, scale, {
      ...group.schedule,
      averageGain: schedule.averageGain,
    });
  });
  return { next, gradientNorm };
}

function updatePart(
  settings: OptimizerSettings,
  { state, gradient, decays, matrices }: PartOfUpdate,
  squares: Value,
  scale: Value | undefined,
  schedule: Schedule<Value>,
): OptimizerState<Value> {
  const shortened = scale === undefined ? gradient : mul(gradient, scale);
  const shortenedSquares = scale === undefined ? squares : mul(shortened, shortened);
  const moved = rules[settings.kind].move({
    settings,
    state,
    schedule,
    gradient: shortened,
    squares: shortenedSquares,
    ...(matrices === undefined ? {} : { matrices }),
  });
  const kept = decays && settings.weightDecay !== 0 ? mul(state.parameters, schedule.weightKept) : state.parameters;
  const parameters = sub(kept, moved.change);
  const average = add(state.average, mul(sub(parameters, state.average), schedule.averageGain));
  return { parameters, gradientSum: moved.gradientSum, squareSum: moved.squareSum, average };
}

/** What a rule gets for one part. */
interface MoveInputs {
  readonly settings: OptimizerSettings;
  readonly state: OptimizerState<Value>;
  readonly schedule: Schedule<Value>;
  /** Shortened where it was too long, and its squares. */
  readonly gradient: Value;
  readonly squares: Value;
  readonly matrices?: Matrices;
}

interface OptimizerRule {
  /** The factors of a step, with all that is known before it. */
  sizes(
    settings: OptimizerSettings,
    learningRate: number,
    step: number,
  ): Pick<Schedule<number>, 'stepSize' | 'rootOffset'>;
  /** What is taken from the parameters, and the vectors for the next step. */
  move(inputs: MoveInputs): {
    readonly change: Value;
    readonly gradientSum: Value;
    readonly squareSum: Value;
  };
}

const rules: { readonly [Name in OptimizerName]: OptimizerRule } = {
  // Step size and epsilon hold the corrections of both biases (Kingma and Ba, arXiv 1412.6980, end of section 2: the order of computation with less
  // arithmetic) and the factors that the sums are kept without.
  adamw: {
    sizes: ({ beta1, beta2, epsilon }, learningRate, step) => {
      const meanPart = (1 - beta1) / (1 - beta1 ** (step + 1));
      const rootPart = Math.sqrt((1 - beta2) / (1 - beta2 ** (step + 1)));
      return { stepSize: (learningRate * meanPart) / rootPart, rootOffset: epsilon / rootPart };
    },
    move: ({ settings: { beta1, beta2 }, state, schedule, gradient, squares }) => {
      const gradientSum = add(mul(state.gradientSum, beta1), gradient);
      const squareSum = add(mul(state.squareSum, beta2), squares);
      const change = mul(div(gradientSum, add(sqrt(squareSum), schedule.rootOffset)), schedule.stepSize);
      return { change, gradientSum, squareSum };
    },
  },
  sgd: {
    sizes: (_settings, learningRate) => ({ stepSize: learningRate, rootOffset: 0 }),
    move: ({ settings: { beta1 }, state, schedule, gradient }) => {
      const gradientSum = add(mul(state.gradientSum, beta1), gradient);
      return { change: mul(gradientSum, schedule.stepSize), gradientSum, squareSum: state.squareSum };
    },
  },
  // The sign does not change when the mean of gradients is kept without its factor 1 − β₂.
  lion: {
    sizes: (_settings, learningRate) => ({ stepSize: learningRate, rootOffset: 0 }),
    move: ({ settings: { beta1, beta2 }, state, schedule, gradient }) => {
      const blend = add(mul(state.gradientSum, beta1 * (1 - beta2)), mul(gradient, 1 - beta1));
      const sign = sub(cast(greater(blend, 0), 'float32'), cast(less(blend, 0), 'float32'));
      const gradientSum = add(mul(state.gradientSum, beta2), gradient);
      return { change: mul(sign, schedule.stepSize), gradientSum, squareSum: state.squareSum };
    },
  },
  // The published algorithm with Nesterov's momentum. Only the direction of the mean of gradients counts, so it is kept without its factor 1 − β, by
  // which the small number that the norm is never below is divided instead.
  muon: {
    sizes: (_settings, learningRate) => ({ stepSize: learningRate, rootOffset: 0 }),
    move: ({ settings: { beta1 }, state, schedule, gradient, matrices }) => {
      if (matrices === undefined) throw new Error('Muon updates matrices only.');
      const gradientSum = add(mul(state.gradientSum, beta1), gradient);
      const direction = orthogonalized(add(mul(gradientSum, beta1), gradient), matrices, 1e-7 / (1 - beta1));
      const change = mul(direction, mul(schedule.stepSize, matrices.gain));
      return { change, gradientSum, squareSum: state.squareSum };
    },
  },
};

/** min(1, limit / norm), by which the gradient is shortened; undefined without a limit, which 0 means. */
function clipScale(norm: Value, limit: number): Value | undefined {
  if (limit === 0) return undefined;
  return minimum(div(limit, maximum(norm, 1e-12)), 1);
}
