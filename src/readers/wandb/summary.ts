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
  /** Where its last JSON stands in the buffer that is being read; -1 where `value` is up to date. */
  start: number;
  end: number;
  value: Json;
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
 * The run's summary. W&B writes about two records of it per row of the history, each with every value that changed, so only the place of the last value
 * of each key is noted, and what stands there is parsed once per buffer.
 */
export class Summary {
  readonly #keys: KeyTable<SummaryKey>;
  readonly #slots = new Map<string, Slot>();
  readonly #place: ItemPlace = { keyEnd: 0, valueStart: 0, end: 0 };
  /** Slots whose value stands in `#bytes`. */
  #noted: Slot[] = [];
  #bytes: Uint8Array | undefined;

  /** `known` are the entries of an earlier reading. */
  constructor(known: readonly Entry[]) {
    for (const [path, value] of known) Object.assign(this.#slot(path), { isPresent: true, value });
    this.#keys = new KeyTable((raw) => ({ ...raw, slot: this.#slot(readPath(raw.bytes, 0, raw.bytes.length)) }));
  }

  /** Takes a SummaryRecord. Its bytes must stay as they are until `settle` or the next record in other bytes. Throws MalformedMessage. */
  take(reader: WireReader): void {
    if (reader.bytes !== this.#bytes) {
      this.settle();
      this.#bytes = reader.bytes;
    }
    while (reader.more) {
      const field = reader.key();
      if (field !== updateField && field !== removeField) {
        reader.skip(field);
        continue;
      }
      const { start, end } = reader.range();
      this.#takeItem(reader, start, end, field === updateField);
    }
  }

  /** Parses what was noted: the buffer is about to be used for other bytes. */
  settle(): void {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    if (bytes === undefined) return;
    for (const slot of this.#noted) {
      const number = parseNumber(bytes, slot.start, slot.end);
      slot.value = Number.isFinite(number) ? number : (parseJson(bytes, slot.start, slot.end) ?? null);
      slot.start = -1;
    }
    this.#noted = [];
  }

  /** Values by path. */
  get entries(): readonly Entry[] {
    this.settle();
    const present = [...this.#slots.values()].filter(({ isPresent }) => isPresent);
    return present.slice(0, mostValues).map(({ path, value }) => [path, value]);
  }

  #takeItem(reader: WireReader, start: number, end: number, isPresent: boolean): void {
    const { bytes } = reader;
    const place = this.#place;
    readItem(bytes, start, end, place);
    const { slot } = this.#keys.find(reader, start, place.keyEnd);
    const { valueStart } = place;
    const isShort = end > valueStart && end - valueStart <= longestValue;
    slot.isPresent = isPresent && isShort;
    if (!slot.isPresent) return;
    if (slot.start < 0) this.#noted.push(slot);
    slot.start = valueStart;
    slot.end = end;
  }

  #slot(path: readonly string[]): Slot {
    const name = path.join('\0');
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { path, isPresent: false, start: -1, end: -1, value: null };
      this.#slots.set(name, slot);
    }
    return slot;
  }
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
