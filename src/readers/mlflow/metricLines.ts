import type { ScalarBatch } from '../../domain/records.ts';
import { readDecimal } from '../text/decimal.ts';

const space = 32;
const lineFeed = 10;
const carriageReturn = 13;

/** Values of one tag. */
export class MetricRows {
  steps = new Float64Array(64);
  wallTimes = new Float64Array(64);
  values = new Float64Array(64);
  count = 0;

  push(step: number, wallTime: number, value: number): void {
    if (this.count === this.steps.length) {
      this.steps = doubled(this.steps);
      this.wallTimes = doubled(this.wallTimes);
      this.values = doubled(this.values);
    }
    this.steps[this.count] = step;
    this.wallTimes[this.count] = wallTime;
    this.values[this.count++] = value;
  }

  take(tag: string): ScalarBatch {
    const { steps, wallTimes, values, count } = this;
    return markSystem({
      tag,
      steps: steps.slice(0, count),
      wallTimes: wallTimes.slice(0, count),
      values: values.slice(0, count),
    });
  }
}

/** Marks figures of the machine, whose names begin so (mlflow/system_metrics/system_metrics_monitor.py). */
function markSystem(batch: ScalarBatch): ScalarBatch {
  return batch.tag.startsWith('system/') ? { ...batch, system: true } : batch;
}

const numbers = new Float64Array(3);

/**
 * Reads whole lines `milliseconds value step` (mlflow/store/tracking/file_store.py, _get_metric_from_line); older ones have no step. Gives back the offsets
 * of lines that are none. A byte must follow the last line's line feed, which `end` excludes.
 */
export function readMetricLines(bytes: Uint8Array, start: number, end: number, rows: MetricRows): number[] {
  const malformed: number[] = [];
  for (let at = start; at < end; ) {
    const lineEnd = endOfLine(bytes, at, end);
    const textEnd = bytes[lineEnd - 1] === carriageReturn && lineEnd > at ? lineEnd - 1 : lineEnd;
    if (textEnd > at) {
      const fields = readFields(bytes, at, textEnd);
      if (fields < 2) malformed.push(at);
      else rows.push(fields === 3 ? numbers[2]! : 0, numbers[0]! / 1000, numbers[1]!);
    }
    at = lineEnd + 1;
  }
  return malformed;
}

/** How many numbers there are on a line; 0 where it holds anything else, or more than three. */
function readFields(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (let field = 0; field < 3; field++) {
    const behind = readNumber(bytes, at, end, field);
    if (behind === at) return 0;
    if (behind === end) return field + 1;
    if (bytes[behind] !== space) return 0;
    at = behind + 1;
  }
  return 0;
}

function readNumber(bytes: Uint8Array, at: number, end: number, index: number): number {
  const behind = readDecimal(bytes, at, numbers, index);
  if (behind > at) return behind;
  return readWord(bytes, at, end, index);
}

/** How Python prints what is no decimal number. */
const words: { readonly [word: string]: number } = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

function readWord(bytes: Uint8Array, at: number, end: number, index: number): number {
  let behind = at;
  let word = '';
  while (behind < end && bytes[behind] !== space && word.length < 12) word += String.fromCharCode(bytes[behind++]!);
  const value = words[word.toLowerCase()];
  if (value === undefined) return at;
  numbers[index] = value;
  return behind;
}

function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  const found = bytes.indexOf(lineFeed, from);
  return found < 0 || found > end ? end : found;
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
