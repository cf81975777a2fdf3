import { gradientNormTag, lossTag } from '../engine/trainStep.ts';
import type { EventFile } from '../events/eventFile.ts';

/** The values of several steps, as one call gave them back. */
export interface StepMetrics {
  /** Steps done before the first of them. */
  readonly before: number;
  readonly metrics: ReadonlyMap<string, Float32Array>;
  /** Seconds since 1970 at the beginning and end of the call. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The first value that is not a number among loss and gradient norm. */
export interface Divergence {
  readonly tag: string;
  /** The step, counted from 1. */
  readonly step: number;
  readonly value: number;
}

/** Where training went wrong, or undefined. A gradient that is not a number spoils the parameters one step before the loss shows it. */
export function findDivergence({ before, metrics }: StepMetrics): Divergence | undefined {
  const watched = [lossTag, gradientNormTag].map((tag) => [tag, metrics.get(tag)!] as const);
  const count = watched[0]![1].length;
  for (let i = 0; i < count; i++) {
    for (const [tag, values] of watched) {
      if (!Number.isFinite(values[i])) return { tag, step: before + i + 1, value: values[i]! };
    }
  }
  return undefined;
}

/**
 * Logs the steps whose number is a multiple of `every`, up to `last`. The value is that step's own. Steps inside of one call get times
 * that are spread evenly over the call, since nobody looked at a clock in between.
 */
export function logSteps(events: EventFile, steps: StepMetrics, every: number, last: number): void {
  const count = [...steps.metrics.values()][0]!.length;
  for (let i = 0; i < count; i++) {
    const step = steps.before + i + 1;
    if (step > last) return;
    if (step % every !== 0 && step !== last) continue;
    const values = [...steps.metrics].map(([tag, series]) => ({ tag, value: series[i]! }));
    const time = steps.startedAt + ((steps.endedAt - steps.startedAt) * (i + 1)) / count;
    events.write(step, { kind: 'scalars', values }, time);
  }
}
