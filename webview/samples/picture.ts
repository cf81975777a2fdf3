import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';
import { naturalOrder } from '../shared/naturalOrder.ts';

/** The images of one run and tag at one step. */
export interface SampleCell {
  readonly runId: RunId;
  readonly tag: string;
  /** The step that is shown: the wanted one, or the nearest earlier one that there is. Undefined: the run has nothing that early. */
  readonly step: number | undefined;
  readonly items: readonly MediaRecord[];
  /** First step of the run, to say when it begins. */
  readonly firstStep: number | undefined;
}

export interface SampleRow {
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

/** One row per tag with one cell per run, for a step. Runs without the tag have no cell. */
export function sampleRows(
  runs: readonly { readonly runId: RunId; readonly items: readonly MediaRecord[] }[],
  isWanted: (tag: string) => boolean,
  step: number,
): SampleRow[] {
  const rows = new Map<string, SampleCell[]>();
  for (const { runId, items } of runs) {
    const byTag = new Map<string, MediaRecord[]>();
    for (const item of items) {
      if (!isWanted(item.tag)) continue;
      const list = byTag.get(item.tag);
      if (list === undefined) byTag.set(item.tag, [item]);
      else list.push(item);
    }
    for (const [tag, list] of byTag) {
      const row = rows.get(tag) ?? [];
      rows.set(tag, row);
      row.push(cellOf(runId, tag, list, step));
    }
  }
  return [...rows].map(([tag, cells]) => ({ tag, cells })).sort((a, b) => naturalOrder(a.tag, b.tag));
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
  return { runId, tag, step, firstStep, items: [...byIndex.values()].sort((a, b) => a.index - b.index) };
}
