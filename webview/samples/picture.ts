import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';
import type { SeriesKind } from '../../src/domain/run.ts';
import { naturalOrder } from '../shared/naturalOrder.ts';

/** The images, texts, histograms… of one run and tag at one step. */
export interface SampleCell {
  readonly runId: RunId;
  readonly tag: string;
  /** The step that is shown: the wanted one, or the nearest earlier one that there is. Undefined: the run has nothing that early. */
  readonly step: number | undefined;
  readonly items: readonly MediaRecord[];
  /** The first of every step, by rising step: what is drawn over steps. */
  readonly series: readonly MediaRecord[];
  /** First step of the run, to say when it begins. */
  readonly firstStep: number | undefined;
}

export interface SampleRow {
  readonly kind: SeriesKind;
  readonly tag: string;
  readonly cells: readonly SampleCell[];
}

/** All steps at which any of the runs has an image of a wanted tag, in order. */
export function unionOfSteps(media: readonly (readonly MediaRecord[])[], isWanted: (tag: string) => boolean): number[] {
  const steps = new Set<number>();
  for (const items of media) for (const item of items) if (isWanted(item.tag)) steps.add(item.step);
  return [...steps].sort((a, b) => a - b);
}

/** Index of the last step that is not after the wanted one; 0 when all are later, −1 when there is none. */
export function stepIndex(steps: readonly number[], wanted: number | null): number {
  if (steps.length === 0) return -1;
  if (wanted === null) return steps.length - 1;
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** In which order kinds stand below one another: what people look at most comes first. */
const kindOrder: readonly SeriesKind[] = [
  ...(['image', 'video', 'audio', 'curve', 'histogram', 'table', 'text', 'html', 'other'] as const),
];

/** Texts that tell how a run was set up rather than what came of it. They stand behind the others of their kind. */
const settingsTags: ReadonlySet<string> = new Set(['config', 'configuration', 'hparams']);

/** One row per tag and kind with one cell per run, for a step. Runs without the tag have no cell. */
export function sampleRows(
  runs: readonly { readonly runId: RunId; readonly items: readonly MediaRecord[] }[],
  isWanted: (tag: string) => boolean,
  step: number,
): SampleRow[] {
  const rows = new Map<string, { kind: SeriesKind; tag: string; isDuplicate: boolean; cells: SampleCell[] }>();
  for (const { runId, items } of runs) {
    const byRow = new Map<string, MediaRecord[]>();
    for (const item of items) {
      if (!isWanted(item.tag)) continue;
      const key = `${item.kind} ${item.tag}`;
      const list = byRow.get(key);
      if (list === undefined) byRow.set(key, [item]);
      else list.push(item);
    }
    for (const [key, list] of byRow) {
      const { kind, tag, duplicate } = list[0]!;
      const row = rows.get(key) ?? { kind, tag, isDuplicate: duplicate === true, cells: [] };
      rows.set(key, row);
      row.cells.push(cellOf(runId, tag, list, step));
    }
  }
  const kindRank = (kind: SeriesKind) => kindOrder.indexOf(kind);
  // What another log of the run has too comes last of all.
  return [...rows.values()]
    .sort(
      (a, b) =>
        Number(a.isDuplicate) - Number(b.isDuplicate) ||
        kindRank(a.kind) - kindRank(b.kind) ||
        Number(settingsTags.has(a.tag)) - Number(settingsTags.has(b.tag)) ||
        naturalOrder(a.tag, b.tag),
    )
    .map(({ kind, tag, cells }) => ({ kind, tag, cells }));
}

function cellOf(runId: RunId, tag: string, items: readonly MediaRecord[], wanted: number): SampleCell {
  let step: number | undefined;
  let firstStep: number | undefined;
  for (const item of items) {
    if (item.step <= wanted && (step === undefined || item.step > step)) step = item.step;
    if (firstStep === undefined || item.step < firstStep) firstStep = item.step;
  }
  const shown = items.filter((item) => item.step === step);
  // A run that was resumed may have logged a step twice: the later record is the true one.
  const byIndex = new Map(shown.map((item) => [item.index, item]));
  const shownItems = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return { runId, tag, step, firstStep, items: shownItems, series: firstOfSteps(items) };
}

function firstOfSteps(items: readonly MediaRecord[]): MediaRecord[] {
  const bySteps = new Map<number, MediaRecord>();
  for (const item of items) if (item.index === 0) bySteps.set(item.step, item);
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}
