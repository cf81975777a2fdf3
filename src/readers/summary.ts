import type { MediaRecord, PollResult, ScalarBatch } from '../domain/records.ts';
import type { SeriesInfo, SeriesKind } from '../domain/run.ts';

/** The figures of every tag, gathered from one poll after the other. Steps and values are in the order of the file. */
export class SeriesSummary {
  #series = new Map<string, MutableInfo>();

  /** Takes the rows of a poll; after a reset what was there before is forgotten. */
  add({ reset, scalars, media }: Pick<PollResult, 'reset' | 'scalars' | 'media'>): void {
    if (reset) this.#series.clear();
    for (const batch of scalars) this.#addScalars(batch);
    for (const record of media) this.#addMedia(record);
  }

  /** By tag, in the order in which the tags appeared. */
  get series(): readonly SeriesInfo[] {
    return [...this.#series.values()];
  }

  #addScalars({ tag, steps, wallTimes, values, system }: ScalarBatch): void {
    if (values.length === 0) return;
    const info = this.#info(tag, 'scalar', steps[0]!, wallTimes[0]!);
    // A tag is of the kind that it began with.
    if (info.kind !== 'scalar') return;
    if (system === true) info.system = true;
    if (info.count === 0) info.firstValue = values[0]!;
    info.count += values.length;
    info.lastStep = steps[steps.length - 1]!;
    info.lastWallTime = wallTimes[wallTimes.length - 1]!;
    info.lastValue = values[values.length - 1]!;
    for (const value of values) {
      if (!Number.isFinite(value)) info.nonFinite++;
      else {
        info.min = Math.min(info.min ?? value, value);
        info.max = Math.max(info.max ?? value, value);
      }
    }
  }

  /** Several pictures of one step are one value of the tag. */
  #addMedia({ tag, kind, step, wallTime, index, duplicate }: MediaRecord): void {
    if (index > 0) return;
    const info = this.#info(tag, kind, step, wallTime);
    if (duplicate) info.duplicate = true;
    if (info.kind !== kind) return;
    info.count++;
    info.lastStep = step;
    info.lastWallTime = wallTime;
  }

  #info(tag: string, kind: SeriesKind, step: number, wallTime: number): MutableInfo {
    let info = this.#series.get(tag);
    if (info === undefined) {
      info = {
        tag,
        kind,
        count: 0,
        firstStep: step,
        lastStep: step,
        nonFinite: 0,
        firstWallTime: wallTime,
        lastWallTime: wallTime,
      };
      this.#series.set(tag, info);
    }
    return info;
  }
}

type MutableInfo = { -readonly [K in keyof SeriesInfo]: SeriesInfo[K] };
