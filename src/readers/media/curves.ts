import type { CurveContent } from '../../domain/mediaContent.ts';

/** A list of points with precision, recall and threshold, bare or under a name (DVCLive plots/sklearn, `{"precision_recall": […]}`), sorted by falling threshold. */
export function curveOfRecords(value: unknown): CurveContent | undefined {
  const list = Array.isArray(value) ? value : firstList(value);
  if (list === undefined) return undefined;
  const points = list
    .map((point: unknown) => (point ?? {}) as { precision?: unknown; recall?: unknown; threshold?: unknown })
    .filter(({ precision, recall }) => typeof precision === 'number' && typeof recall === 'number')
    .map(({ precision, recall, threshold }) => ({
      precision: precision as number,
      recall: recall as number,
      // The last point of sklearn's curve (precision 1, recall 0) belongs to no threshold.
      threshold: typeof threshold === 'number' ? threshold : 1,
    }))
    .sort((a, b) => b.threshold - a.threshold || a.recall - b.recall);
  if (points.length === 0) return undefined;
  return {
    precision: points.map(({ precision }) => precision),
    recall: points.map(({ recall }) => recall),
    thresholds: points.map(({ threshold }) => threshold),
  };
}

function firstList(value: unknown): readonly unknown[] | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.values(value).find((item): item is readonly unknown[] => Array.isArray(item));
}
