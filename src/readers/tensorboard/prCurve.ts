import type { CurveContent } from '../../domain/mediaContent.ts';
import type { TensorValues } from './tensorValues.ts';

/** Rows of the tensor (tensorboard/plugins/pr_curve/metadata.py); before them stand true and false positives and negatives. */
const precisionRow = 4;
const recallRow = 5;
const rowCount = 6;

/**
 * A precision-recall curve: a tensor of 6 rows, one column for each threshold, which lie evenly between 0 and 1 in rising order
 * (tensorboard/plugins/pr_curve/pr_curves_plugin.py). Given back by falling thresholds. Undefined for tensors of another shape.
 */
export function curveOfTensor({ shape, values }: TensorValues): CurveContent | undefined {
  const [rows, count] = shape;
  if (shape.length !== 2 || rows !== rowCount || count === undefined || values.length !== rowCount * count)
    return undefined;
  const row = (index: number): number[] => Array.from(values.subarray(index * count, (index + 1) * count)).reverse();
  const thresholds = Array.from({ length: count }, (_, index) => (count === 1 ? 0 : index / (count - 1)));
  return { precision: row(precisionRow), recall: row(recallRow), thresholds: thresholds.reverse() };
}
