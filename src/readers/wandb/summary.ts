import type { Json, JsonObject } from '../../domain/json.ts';
import type { WireReader } from '../tensorboard/wire.ts';
import { type ItemPlace, readItem } from './items.ts';
import { isObject, parseJson, removeAt, setAt } from './json.ts';
import { KeyTable, type RawKey, readPath } from './keys.ts';
import { parseNumber } from './number.ts';

/** The last value of one path, however its key was written. */
interface Slot {
  readonly path: readonly string[];
  isPresent: boolean;
  /** The value, if it is a finite number; else `json` is what was written, or `known` what an earlier reading made of it. */
  number: number;
  json: Uint8Array | undefined;
  known: Json;
}

interface SummaryKey extends RawKey {
  readonly slot: Slot;
}

type Entry = readonly [path: readonly string[], value: Json];

/** SummaryRecord: update = 1, remove = 2. ConfigRecord has the same form. */
export const updateField = 1 * 8 + 2;
export const removeField = 2 * 8 + 2;

/** Values that take more are media or their like, which the history has. */
const longestValue = 1024;
const mostValues = 5000;

/**
 * The run's summary. W&B writes about two records of it per row of the history, each with every value, so only the last value of each key is kept, and
 * what is no number is parsed when somebody asks.
 */
export class Summary {
  readonly #keys: KeyTable<SummaryKey>;
  readonly #slots = new Map<string, Slot>();
  readonly #place: ItemPlace = { keyEnd: 0, valueStart: 0, end: 0 };

  /** `known` are the entries of an earlier reading. */
  constructor(known: readonly Entry[]) {
    for (const [path, value] of known) Object.assign(this.#slot(path), { isPresent: true, known: value });
    this.#keys = new KeyTable((bytes, hash) => ({ bytes, hash, slot: this.#slot(readPath(bytes, 0, bytes.length)) }));
  }

  /** Takes a SummaryRecord. Throws MalformedMessage. */
  take(reader: WireReader): void {
    while (reader.more) {
      const field = reader.key();
      if (field !== updateField && field !== removeField) {
        reader.skip(field);
        continue;
      }
      const { start, end } = reader.range();
      this.#takeItem(reader.bytes, start, end, field === updateField);
    }
  }

  /** Values by path. */
  get entries(): readonly Entry[] {
    const entries: Entry[] = [];
    for (const slot of this.#slots.values()) {
      const value = slotValue(slot);
      if (slot.isPresent && value !== undefined && entries.length < mostValues) entries.push([slot.path, value]);
    }
    return entries;
  }

  #takeItem(bytes: Uint8Array, start: number, end: number, isPresent: boolean): void {
    const place = this.#place;
    readItem(bytes, start, end, place);
    const { slot } = this.#keys.find(bytes, start, place.keyEnd);
    const { valueStart } = place;
    const isShort = end > valueStart && end - valueStart <= longestValue;
    slot.isPresent = isPresent && isShort;
    if (!slot.isPresent) return;
    const number = parseNumber(bytes, valueStart, end);
    slot.number = Number.isFinite(number) ? number : Number.NaN;
    slot.json = Number.isFinite(number) ? undefined : bytes.slice(valueStart, end);
  }

  #slot(path: readonly string[]): Slot {
    const name = path.join('\0');
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { path, isPresent: false, number: Number.NaN, json: undefined, known: null };
      this.#slots.set(name, slot);
    }
    return slot;
  }
}

function slotValue({ number, json, known }: Slot): Json | undefined {
  if (!Number.isNaN(number)) return number;
  return json === undefined ? known : parseJson(json, 0, json.length);
}

/** The tree of a summary, without what W&B counts for itself and without media, which the history has. */
export function summaryTree(entries: readonly (readonly [path: readonly string[], value: Json])[]): JsonObject {
  const tree: { [key: string]: Json } = {};
  for (const [path, value] of entries) if (path[0] !== '_wandb') setAt(tree, path, value);
  return withoutMedia(tree);
}

/** The tree without its branches that have a `_type`. */
export function withoutMedia(tree: JsonObject): JsonObject {
  const kept = Object.entries(tree).filter(([, value]) => !(isObject(value) && Object.hasOwn(value, '_type')));
  return Object.fromEntries(kept.map(([name, value]) => [name, isObject(value) ? withoutMedia(value) : value]));
}

/** A configuration after a ConfigRecord. Throws MalformedMessage. */
export function updatedConfig(config: JsonObject, reader: WireReader): JsonObject {
  const tree = structuredClone(config) as { [key: string]: Json };
  const place: ItemPlace = { keyEnd: 0, valueStart: 0, end: 0 };
  while (reader.more) {
    const field = reader.key();
    if (field !== updateField && field !== removeField) {
      reader.skip(field);
      continue;
    }
    const { start, end } = reader.range();
    readItem(reader.bytes, start, end, place);
    const path = readPath(reader.bytes, start, place.keyEnd);
    if (path[0] === '_wandb') continue;
    const value = parseJson(reader.bytes, place.valueStart, end);
    if (field === removeField) removeAt(tree, path);
    else if (value !== undefined) setAt(tree, path, value);
  }
  return tree;
}
