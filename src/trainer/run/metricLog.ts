import { smallestLossScale } from '../engine/lossScale.ts';
import { gradientNormTag, lossScaleTag, lossTag } from '../engine/stepNames.ts';
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

/** The first value that is not a number among loss and gradient norm, or a scale of the loss that is too small. */
export interface Divergence {
  readonly tag: string;
  /** The step, counted from 1. */
  readonly step: number;
  readonly value: number;
}

/**
 * Where training went wrong, or undefined. A gradient that is not a number spoils the parameters one step before the loss shows it; with a scaled loss such a
 * step is skipped, and only a scale that falls and falls says that there is more to it.
 */
export function findDivergence({ before, metrics }: StepMetrics): Divergence | undefined {
  const [losses, norms] = [metrics.get(lossTag)!, metrics.get(gradientNormTag)!];
  const scales = metrics.get(lossScaleTag);
  for (let i = 0; i < losses.length; i++) {
    const at = (tag: string, value: number): Divergence => ({ tag, step: before + i + 1, value });
    const isSkipped = scales !== undefined && !Number.isFinite(norms[i]!);
    if (!isSkipped && !Number.isFinite(losses[i]!)) return at(lossTag, losses[i]!);
    if (!isSkipped && !Number.isFinite(norms[i]!)) return at(gradientNormTag, norms[i]!);
    if (scales !== undefined && scales[i]! < smallestLossScale) return at(lossScaleTag, scales[i]!);
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
