import type { Json, JsonObject } from '../../domain/json.ts';
import type { MediaRecord, ScalarBatch } from '../../domain/records.ts';
import { Columns } from './columns.ts';
import { asNumber, isBareNumber, outermostPaths, parseJson, setAt, startsWith } from './json.ts';
import { KeyTable, type RawKey, readPath } from './keys.ts';
import type { LogRecord } from './logFile.ts';
import { type FilePlaces, type LoggedObject, mediaOf, type ValueRange } from './media.ts';
import { kinds, type Role, Row, type RowKey } from './row.ts';

interface HistoryKey extends RowKey {
  readonly columns: Columns;
}

/** Where the last row stood; null before the first one. */
export interface HistoryPosition {
  readonly step: number | null;
  readonly time: number | null;
}

/** The seconds that W&B has counted. It says nothing of the training, so it is a figure of the machine. */
const runtimeTag = '_runtime';
const stepKey = '_step';
const timeKey = '_timestamp';
const ownKey = '_wandb';
const typeKey = '_type';

/** Sorts the rows of a run's history into columns and media. */
export class History {
  readonly #row: Row<HistoryKey>;
  readonly #columns = new Map<string, Columns>();
  readonly #nameOf: (tag: string) => string;
  readonly #files: FilePlaces;
  #media: MediaRecord[] = [];
  // NaN before the first row: a field that is always a number costs no allocation per row.
  #step: number;
  #time: number;

  /** `nameOf` gives the tag under which a logged name is kept; it is asked once per name. */
  constructor({ step, time }: HistoryPosition, files: FilePlaces, nameOf: (tag: string) => string) {
    this.#row = new Row(new KeyTable<HistoryKey>((raw) => this.#makeKey(raw)));
    this.#step = step ?? Number.NaN;
    this.#time = time ?? Number.NaN;
    this.#nameOf = nameOf;
    this.#files = files;
  }

  get position(): HistoryPosition {
    return { step: orNull(this.#step), time: orNull(this.#time) };
  }

  /** Takes the HistoryRecord in bytes [start, end) of a log record. Throws MalformedMessage, and then nothing of it was taken. `startedAt` is the time of a first row that has none. */
  take(record: LogRecord, start: number, end: number, startedAt: number): void {
    const row = this.#row;
    row.read(record, start, end);
    this.#moveTo(row.step, row.time, startedAt);
    if (row.hasType) this.#takeSplit(record);
    const step = this.#step;
    const time = this.#time;
    for (let index = 0; index < row.count; index++) {
      if (row.kinds[index] === kinds.number) row.keys[index]!.columns.push(step, time, row.numbers[index]!);
    }
    if (row.hasOther) this.#takeOthers(record);
  }

  /** Takes one row of an old log of JSON lines. */
  takeObject(object: JsonObject, startedAt: number): void {
    this.#moveTo(asNumber(object[stepKey]), asNumber(object[timeKey]), startedAt);
    for (const [name, value] of Object.entries(object)) {
      if (name !== stepKey && name !== timeKey && name !== ownKey) this.#takeValue(name, bareOr(value), undefined);
    }
  }

  /** The rows since the last call. `lent`: see PollBudget. */
  takeRows(lent = false): { readonly scalars: readonly ScalarBatch[]; readonly media: readonly MediaRecord[] } {
    const scalars: ScalarBatch[] = [];
    for (const columns of this.#columns.values()) {
      if (columns.count > 0)
        scalars.push(columns.tag === runtimeTag ? { ...columns.take(lent), system: true } : columns.take(lent));
    }
    const media = this.#media;
    this.#media = [];
    return { scalars, media };
  }

  /** Rows that do not say their step or time are one step later, at the same time: that is how W&B counts them (sdk/internal/handler.py, _history_assign_step). */
  #moveTo(step: number, time: number, startedAt: number): void {
    if (!Number.isNaN(step)) this.#step = step;
    else this.#step = Number.isNaN(this.#step) ? 0 : this.#step + 1;
    if (!Number.isNaN(time)) this.#time = time;
    else if (Number.isNaN(this.#time)) this.#time = startedAt;
  }

  #makeKey(raw: RawKey): HistoryKey {
    const path = readPath(raw.bytes, 0, raw.bytes.length);
    return { ...raw, path, role: roleOf(path), columns: this.#columnsOf(path.join('.')) };
  }

  #columnsOf(tag: string): Columns {
    const known = this.#columns.get(tag);
    if (known !== undefined) return known;
    const made = new Columns(this.#nameOf(tag));
    this.#columns.set(tag, made);
    return made;
  }

  /** Texts, lists, media, and trees, which the Python writers did not split. */
  #takeOthers({ bytes, start, fileOffset }: LogRecord): void {
    const { keys, kinds: rowKinds, values, ends, count } = this.#row;
    for (let index = 0; index < count; index++) {
      if (rowKinds[index] !== kinds.other) continue;
      const from = values[index]!;
      const length = ends[index]! - from;
      const value = parseJson(bytes, from, from + length);
      if (value === undefined) continue;
      const range = fileOffset < 0 ? undefined : { offset: fileOffset + from - start, length };
      this.#takeValue(keys[index]!.path.join('.'), value, range);
    }
  }

  /** Puts values together that the writer split into items: those that have a `_type` among them. */
  #takeSplit(record: LogRecord): void {
    const { keys, kinds: rowKinds, numbers, values, ends, count } = this.#row;
    const typed = keys.slice(0, count).filter(({ role }) => role === 'type');
    for (const prefix of outermostPaths(typed.map(({ path }) => path.slice(0, -1)))) {
      const object: { [key: string]: Json } = {};
      const members: number[] = [];
      for (let index = 0; index < count; index++) {
        const { path } = keys[index]!;
        if (rowKinds[index] === kinds.taken || !startsWith(path, prefix)) continue;
        const isNumber = rowKinds[index] === kinds.number;
        const value = isNumber ? numbers[index] : parseJson(record.bytes, values[index]!, ends[index]!);
        setAt(object, path.slice(prefix.length), value ?? null);
        rowKinds[index] = kinds.taken;
        members.push(index);
      }
      const items = this.#rangeOf(members, record);
      this.#takeMedia({ tag: prefix.join('.'), object, ...(items === undefined ? {} : { items }) });
    }
  }

  /** Where items lie, if they lie together. */
  #rangeOf(members: readonly number[], { start, fileOffset }: LogRecord): ValueRange | undefined {
    const first = members[0]!;
    const last = members.at(-1)!;
    if (fileOffset < 0 || last - first !== members.length - 1) return undefined;
    const from = this.#row.starts[first]!;
    return { offset: fileOffset + from - start, length: this.#row.ends[last]! - from };
  }

  #takeValue(tag: string, value: Json, json: ValueRange | undefined): void {
    const place = json === undefined ? {} : { json };
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number === 'number') this.#columnsOf(tag).push(this.#step, this.#time, number);
    else if (typeof number === 'string') this.#takeMedia({ tag, object: { [typeKey]: 'text', text: number } });
    else if (Array.isArray(number)) this.#takeMedia({ tag, object: { [typeKey]: 'list', values: number }, ...place });
    else if (number !== null) this.#takeTree(tag, number as JsonObject, place);
  }

  #takeTree(tag: string, tree: JsonObject, place: { readonly json?: ValueRange }): void {
    if (typeof tree[typeKey] === 'string') this.#takeMedia({ tag, object: tree, ...place });
    else for (const [name, inner] of Object.entries(tree)) this.#takeValue(`${tag}.${name}`, bareOr(inner), undefined);
  }

  #takeMedia(logged: LoggedObject): void {
    for (const record of mediaOf(logged, { step: this.#step, wallTime: this.#time, files: this.#files }))
      this.#media.push(record);
  }
}

function roleOf(path: readonly string[]): Role {
  const [first] = path;
  if (path.length === 1) {
    if (first === stepKey) return 'step';
    if (first === timeKey) return 'time';
  }
  if (first === ownKey || first === undefined) return 'ignored';
  return path.length > 1 && path.at(-1) === typeKey ? 'type' : 'value';
}

/** A number for one of the words that stood bare in a tree; anything else as it is. */
function bareOr(value: Json): Json {
  return isBareNumber(value) ? asNumber(value) : value;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
