import { abs, argMax, cast, equal, mul, reduceMean, reshape, sub, type Value } from '../../graph/index.ts';
import { crossEntropy } from '../../nn/losses.ts';
import type { ArrayFacts } from '../data.ts';
import type { Batch } from '../recipe.ts';
import type { TabularTask } from './config.ts';
import { inUnits, standardized } from './network.ts';

/** What an output is worth, for each example by itself: float32 [N]. */
export interface Judgement {
  readonly loss: Value;
  /** By the last part of the metric's tag. */
  readonly figures: Readonly<Record<string, Value>>;
}

/** Compares the network's output [N, …] with what the batch has to say. */
export function judgeOutput(task: TabularTask, output: Value, batch: Batch, facts: ArrayFacts): Judgement {
  return tasks[task](output, batch, facts);
}

const tasks: { readonly [T in TabularTask]: (output: Value, batch: Batch, facts: ArrayFacts) => Judgement } = {
  classification: (logits, { labels }) => ({
    loss: crossEntropy(logits, labels!),
    figures: { accuracy: cast(equal(argMax(logits, 1), labels!), 'float32') },
  }),
  regression: (output, { targets }, { targetScales }) => {
    const wanted = reshape(targets!, output.shape);
    const error = sub(output, standardized(wanted, targetScales));
    return {
      loss: reduceMean(mul(error, error), [1], false),
      figures: { absolute_error: reduceMean(abs(sub(inUnits(output, targetScales), wanted)), [1], false) },
    };
  },
};
