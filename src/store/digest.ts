import type { SeriesInfo } from '../domain/run.ts';
import type { SeriesRow } from './seriesRow.ts';

/**
 * The figures of all scalar series of a run as one piece of memory: between threads and in the database one piece costs a tenth of what a row per series does.
 * Little-endian float64: how many series there are and how many numbers in all, then per series its fields and its sketch; behind them the tags as a JSON array.
 */
export function packDigest(rows: readonly SeriesRow[]): Uint8Array<ArrayBuffer> {
  const tags = new TextEncoder().encode(JSON.stringify(rows.map(({ info }) => info.tag)));
  const length = rows.reduce((sum, { sketch }) => sum + fieldCount + sketch.values.length, headCount);
  const bytes = new Uint8Array(length * 8 + tags.length);
  const numbers = new Float64Array(bytes.buffer, 0, length);
  numbers.set([rows.length, length]);
  let at = headCount;
  for (const row of rows) {
    numbers.set(fieldsOf(row), at);
    at += fieldCount;
    for (const value of row.sketch.values) numbers[at++] = value ?? Number.NaN;
  }
  bytes.set(tags, length * 8);
  return bytes;
}

/** The rows of `packDigest`, in their order. */
export function unpackDigest(packed: Uint8Array): readonly SeriesRow[] {
  // SQLite's memory may lie at any address; a copy is aligned.
  const bytes = packed.byteOffset % 8 === 0 ? packed : new Uint8Array(packed);
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
  const tags = sharedTags(new TextDecoder().decode(bytes.subarray(numbers[1]! * 8)));
  let at = headCount;
  return tags.map((tag) => {
    const sketchAt = at + fieldCount;
    const end = sketchAt + numbers[sketchAt - 1]!;
    const row = toRow(tag, numbers.subarray(at, sketchAt), numbers.subarray(sketchAt, end));
    at = end;
    return row;
  });
}

/** Runs of one program have the same tags: thousands of lists share their texts, and those that were unpacked lately are not parsed again. */
const lists = new Map<string, readonly string[]>();
const mostLists = 200;

function sharedTags(text: string): readonly string[] {
  const known = lists.get(text);
  if (known !== undefined) return known;
  if (lists.size >= mostLists) lists.clear();
  const tags = JSON.parse(text) as readonly string[];
  lists.set(text, tags);
  return tags;
}

const headCount = 2;
const fieldCount = 14;
const flags = { extremes: 1, system: 2, duplicate: 4 } as const;

function fieldsOf({ info, sketch }: SeriesRow): readonly number[] {
  const flag =
    (info.min === undefined ? 0 : flags.extremes) |
    (info.system === true ? flags.system : 0) |
    (info.duplicate === true ? flags.duplicate : 0);
  return [
    info.count,
    info.firstStep,
    info.lastStep,
    info.firstValue ?? Number.NaN,
    info.lastValue ?? Number.NaN,
    info.min ?? Number.NaN,
    info.max ?? Number.NaN,
    info.nonFinite,
    info.firstWallTime,
    info.lastWallTime,
    flag,
    sketch.spacing,
    sketch.seen,
    sketch.values.length,
  ];
}

function toRow(tag: string, fields: Float64Array, sketch: Float64Array): SeriesRow {
  const [count, firstStep, lastStep, firstValue, lastValue, min, max, nonFinite, firstWallTime, lastWallTime] =
    fields as unknown as readonly [number, number, number, number, number, number, number, number, number, number];
  const [flag, spacing, seen] = fields.subarray(10) as unknown as readonly [number, number, number];
  const info: SeriesInfo = {
    tag,
    kind: 'scalar',
    count,
    firstStep,
    lastStep,
    firstValue,
    lastValue,
    ...((flag & flags.extremes) === 0 ? {} : { min, max }),
    nonFinite,
    firstWallTime,
    lastWallTime,
    ...((flag & flags.system) === 0 ? {} : { system: true }),
    ...((flag & flags.duplicate) === 0 ? {} : { duplicate: true }),
  };
  return {
    info,
    sketch: { values: Array.from(sketch, (value) => (Number.isNaN(value) ? null : value)), spacing, seen },
  };
}
