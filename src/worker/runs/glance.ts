import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import type { Glance } from '../../store/runTable.ts';
import type { SeriesRow } from '../../store/seriesTable.ts';
import { sparklineOf } from '../../store/sketch.ts';

const shownMetrics = 4;
const sparklineValues = 24;
/** What a person looks at first in a log without definitions. */
const telling: readonly RegExp[] = [/(^|\/)val.*loss/i, /loss/i, /acc|auc|f1|score/i];

/** What a list shows of a run's values: its primary metrics, else those whose names tell most. */
export function glanceOf(series: Iterable<SeriesRow>, definitions: readonly MetricDefinition[]): Glance {
  const scalars = [...series].filter(({ info }) => info.kind === 'scalar' && info.count > 0 && !isAside(info));
  const primary = new Map(definitions.filter((each) => each.primary).map(({ tag }, index) => [tag, index]));
  const weight = (tag: string): number => primary.get(tag) ?? primary.size + tellingness(tag);
  const chosen = scalars
    .map((row, index) => ({ row, index, weight: weight(row.info.tag) }))
    .sort((a, b) => a.weight - b.weight || a.index - b.index)
    .slice(0, shownMetrics)
    .map(({ row }) => row);
  const first = chosen[0];
  return {
    metrics: chosen.map(({ info }) => ({
      tag: info.tag,
      value: info.lastValue ?? Number.NaN,
      step: info.lastStep,
      min: info.min ?? Number.NaN,
      max: info.max ?? Number.NaN,
    })),
    sparkline:
      first === undefined ? [] : sparklineOf(first.sketch, sparklineValues, first.info.lastValue ?? Number.NaN),
  };
}

/** Figures of the machine, and tags that another log of the run has too, are not what a list is for. */
function isAside({ system, duplicate }: SeriesRow['info']): boolean {
  return system === true || duplicate === true;
}

function tellingness(tag: string): number {
  const at = telling.findIndex((pattern) => pattern.test(tag));
  return at < 0 ? telling.length : at;
}
