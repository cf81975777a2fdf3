import type { MediaRecord, ScalarBatch } from '../../domain/records.ts';
import type { SeriesInfo } from '../../domain/run.ts';
import type { SeriesRow } from '../../store/seriesTable.ts';
import { extendSketch, newSketch } from '../../store/sketch.ts';

/** The figures of a scalar series after a batch. The sketch is extended in place. */
export function withScalars(row: SeriesRow | undefined, batch: ScalarBatch): SeriesRow {
  const { values, steps, wallTimes } = batch;
  const sketch = row?.sketch ?? newSketch();
  extendSketch(sketch, values);
  const before = row?.info;
  let min = before?.min ?? Number.POSITIVE_INFINITY;
  let max = before?.max ?? Number.NEGATIVE_INFINITY;
  let nonFinite = before?.nonFinite ?? 0;
  // Counted, since the iterator of a typed array costs more than the comparisons.
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    // The difference of a number and itself is 0 where it is finite, else NaN.
    if (value - value !== 0) nonFinite++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const info: SeriesInfo = {
    tag: batch.tag,
    kind: 'scalar',
    count: (before?.count ?? 0) + values.length,
    firstStep: before?.firstStep ?? steps[0]!,
    lastStep: steps.at(-1)!,
    firstValue: before?.firstValue ?? values[0]!,
    lastValue: values.at(-1)!,
    ...(min > max ? {} : { min, max }),
    nonFinite,
    firstWallTime: before?.firstWallTime ?? wallTimes[0]!,
    lastWallTime: wallTimes.at(-1)!,
    ...roleOf(batch),
  };
  return { info, sketch };
}

/** The figures of a series of images, texts… after one more. */
export function withMedia(row: SeriesRow | undefined, record: MediaRecord): SeriesRow {
  const before = row?.info;
  const info: SeriesInfo = {
    tag: record.tag,
    kind: before?.kind ?? record.kind,
    count: (before?.count ?? 0) + 1,
    firstStep: before?.firstStep ?? record.step,
    lastStep: record.step,
    ...(before?.firstValue === undefined ? {} : { firstValue: before.firstValue }),
    ...(before?.lastValue === undefined ? {} : { lastValue: before.lastValue }),
    ...(before?.min === undefined ? {} : { min: before.min }),
    ...(before?.max === undefined ? {} : { max: before.max }),
    nonFinite: before?.nonFinite ?? 0,
    firstWallTime: before?.firstWallTime ?? record.wallTime,
    lastWallTime: record.wallTime,
    ...roleOf(record),
  };
  return { info, sketch: row?.sketch ?? newSketch() };
}

/** Whether the tag is a figure of the machine, or stands in a second log. */
function roleOf(rows: { readonly system?: true; readonly duplicate?: true }): Pick<SeriesInfo, 'system' | 'duplicate'> {
  return { ...(rows.system ? { system: true } : {}), ...(rows.duplicate ? { duplicate: true } : {}) };
}
