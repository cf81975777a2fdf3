import type { HistogramContent } from '../../domain/mediaContent.ts';

/**
 * A histogram of counts (`values`) and edges: `bins` as numpy.histogram gives them, one more than counts (W&B sdk/data_types/histogram.py, Trackio histogram.py), or
 * W&B's `packedBins` {min, size, count} of evenly spaced edges. Undefined where the lengths do not fit.
 */
export function histogramOfBins(value: unknown): HistogramContent | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { values, bins, packedBins } = value as { values?: unknown; bins?: unknown; packedBins?: unknown };
  const counts = numbers(values);
  if (counts === undefined) return undefined;
  const edges = numbers(bins) ?? unpackEdges(packedBins, counts.length);
  return edges?.length === counts.length + 1 ? { edges, counts } : undefined;
}

function unpackEdges(packed: unknown, count: number): readonly number[] | undefined {
  if (packed === null || typeof packed !== 'object') return undefined;
  const { min, size } = packed as { min?: unknown; size?: unknown };
  if (typeof min !== 'number' || typeof size !== 'number') return undefined;
  return Array.from({ length: count + 1 }, (_, index) => min + index * size);
}

function numbers(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined;
}
