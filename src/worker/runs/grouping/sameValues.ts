import type { RunSource } from '../../../domain/run.ts';

/** The points of one tag, in the order of the file. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

/** What two logs say of each other. `unknown`: they have too little in common. */
export type Likeness = 'same' | 'different' | 'unknown';

/** So many equal values, this many of them different from one another, are no accident. */
const enoughEqual = 8;
const enoughDistinct = 5;
/** Shown to be the same by fewer values only where every step agrees and there are no more. */
const fewEqual = 5;

/** Schedules and counters are equal in all runs of a sweep. */
const commonTags =
  /(^|[/_.-])(lr|learning_?rate|epoch|epochs|step|steps|iter|iteration|batch|time|timestamp|momentum)([/_.-]|$)/i;

/** Whether equal values of a tag can tell two runs apart. */
export function isTelling(tag: string): boolean {
  return !commonTags.test(tag);
}

/**
 * Compares one tag of two logs: by equal steps, or, since some trackers count their own steps, value by value in order. Values of a log that keeps
 * float32 are compared as float32. Values that are not finite say nothing.
 */
export function compareTag(one: Points, other: Points, isSingle: boolean): Likeness {
  const same = isSingle ? (a: number, b: number) => Math.fround(a) === Math.fround(b) : Object.is;
  const bySteps = likenessOf(pairsByStep(one, other), same);
  if (bySteps === 'same') return 'same';
  const inOrder = likenessOf(pairsInOrder(one.values, other.values), same, enoughEqual);
  if (inOrder === 'same') return 'same';
  return bySteps;
}

/** float32 is all that event files keep. */
export function keepsSingle(source: RunSource): boolean {
  return source === 'tensorboard' || source === 'trainyard';
}

type Pair = readonly [number, number];

function likenessOf(pairs: readonly Pair[], same: (a: number, b: number) => boolean, needed = fewEqual): Likeness {
  const equal = pairs.filter(([a, b]) => same(a, b));
  if (pairs.length < needed) return 'unknown';
  // A step that was logged again after a restart may differ in one of two logs.
  if (equal.length < pairs.length * 0.98) return 'different';
  const distinct = new Set(equal.map(([a]) => a)).size;
  return distinct >= Math.min(enoughDistinct, needed) && equal.length >= needed ? 'same' : 'unknown';
}

function pairsByStep(one: Points, other: Points): readonly Pair[] {
  const values = new Map<number, number>();
  one.steps.forEach((step, index) => {
    values.set(step, one.values[index]!);
  });
  const pairs = new Map<number, Pair>();
  other.steps.forEach((step, index) => {
    const value = values.get(step);
    if (value !== undefined) pairs.set(step, [value, other.values[index]!]);
  });
  return [...pairs.values()].filter(areFinite);
}

function pairsInOrder(one: Float64Array, other: Float64Array): readonly Pair[] {
  const length = Math.min(one.length, other.length);
  return Array.from({ length }, (_, index): Pair => [one[index]!, other[index]!]).filter(areFinite);
}

function areFinite([a, b]: Pair): boolean {
  return Number.isFinite(a) && Number.isFinite(b);
}
