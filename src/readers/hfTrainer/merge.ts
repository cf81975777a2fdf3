import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { numberOfWord } from '../text/names.ts';

/** An entry of a log with what tells it from others: its step and the names that it has. */
interface Entry {
  readonly step: number;
  readonly id: string;
  readonly values: readonly (readonly [tag: string, value: number])[];
}

/** The entries of several states of one training. */
export interface MergedLog {
  readonly entries: readonly Entry[];
}

/**
 * Puts the logs of several states together, the most trusted first: an entry of a later one counts where no earlier one has an entry of its step and
 * names. A single log keeps its order; what others add goes in by step.
 */
export function mergeLogs(logs: readonly (readonly JsonObject[])[]): MergedLog {
  const [first = [], ...others] = logs.map((log) => log.map(toEntry));
  const known = new Set(first.map(({ id }) => id));
  const added: Entry[] = [];
  for (const log of others) {
    const fresh = log.filter(({ id }) => !known.has(id));
    for (const { id } of fresh) known.add(id);
    added.push(...fresh);
  }
  if (added.length === 0) return { entries: first };
  return { entries: [...first, ...added].sort((a, b) => a.step - b.step) };
}

/** The rows of entries `from` to the end. States give no times. */
export function toBatches({ entries }: MergedLog, from: number): ScalarBatch[] {
  const columns = new Map<string, { steps: number[]; values: number[] }>();
  for (const { step, values } of entries.slice(from)) {
    for (const [tag, value] of values) {
      let column = columns.get(tag);
      if (column === undefined) {
        column = { steps: [], values: [] };
        columns.set(tag, column);
      }
      column.steps.push(step);
      column.values.push(value);
    }
  }
  return [...columns].map(([tag, { steps, values }]) => ({
    tag,
    steps: Float64Array.from(steps),
    wallTimes: new Float64Array(steps.length).fill(Number.NaN),
    values: Float64Array.from(values),
  }));
}

/** A text of the first entries that changes when anything in them does. */
export function textOf({ entries }: MergedLog, count: number): string {
  return entries
    .slice(0, count)
    .map(({ id, values }) => `${id}=${values.map(([, value]) => value).join(',')}`)
    .join('\n');
}

function toEntry(entry: JsonObject): Entry {
  const values: (readonly [string, number])[] = [];
  collect(entry, '', values);
  const told = entry['step'];
  const step = typeof told === 'number' ? told : 0;
  return {
    step,
    id: `${step}:${values.map(([tag]) => tag).join('\0')}`,
    values: values.filter(([tag]) => tag !== 'step'),
  };
}

function collect(tree: JsonObject, parent: string, into: (readonly [string, number])[]): void {
  for (const [key, value] of Object.entries(tree)) {
    const number = numberOf(value);
    if (number !== undefined) into.push([parent + key, number]);
    else if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      collect(value as JsonObject, `${parent}${key}/`, into);
    }
  }
}

function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? numberOfWord(value) : undefined;
}
