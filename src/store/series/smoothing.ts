import { GrowingColumn } from './growing.ts';

/**
 * TensorBoard's smoothing: an exponential moving average over the points in file order, divided by 1 - weight^n so that it is not drawn towards
 * zero at the start. Values that are not finite stand as they are and do not count; a constant series is left alone, since rounding would bend it.
 * Source: `resmoothDataset` in tensorboard/components/vz_line_chart2/line-chart.ts.
 */
export class Smoothing {
  readonly weight: number;
  readonly smoothed = new GrowingColumn();
  /** From here on the divisor is 1 in float64, and the power need not be computed. */
  readonly #debiasedAfter: number;
  #last = 0;
  #count = 0;

  /** `weight` lies above 0 and below 1. */
  constructor(weight: number) {
    this.weight = weight;
    this.#debiasedAfter = Math.ceil((-55 * Math.LN2) / Math.log(weight));
  }

  /** Takes in the values that have come since the last call. */
  extend(values: Float64Array): void {
    const from = this.smoothed.length;
    this.smoothed.resize(values.length);
    const smoothed = this.smoothed.values;
    const { weight } = this;
    for (let index = from; index < values.length; index++) {
      const value = values[index]!;
      if (!Number.isFinite(value)) {
        smoothed[index] = value;
        continue;
      }
      this.#last = this.#last * weight + (1 - weight) * value;
      this.#count++;
      smoothed[index] = this.#count > this.#debiasedAfter ? this.#last : this.#last / (1 - weight ** this.#count);
    }
  }
}
