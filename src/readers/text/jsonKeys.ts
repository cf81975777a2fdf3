import { Column } from './columns.ts';
import { isTimeName, stepRank } from './names.ts';

const decoder = new TextDecoder();

/** A key at its place in the objects of a file: what follows from its name is worked out once. */
export class JsonKey {
  /** As it stands between its quotes. */
  readonly raw: Uint8Array;
  readonly name: string;
  /** Names from the outermost object on, joined by "/". */
  readonly tag: string;
  /** How well it tells the step; -1 where it does not. Only keys of the record itself do. */
  readonly stepRank: number;
  readonly mayBeTime: boolean;
  /** Whether it says which part of the data a record is about: "mode": "val". */
  readonly isPart: boolean;
  /** Whether its values are times of day, once a value has told. */
  isTime: boolean | undefined;
  /** The key that came next in the record before: mostly it does so again. */
  successor: JsonKey | undefined;
  #children: JsonKeys | undefined;
  #column: Column | undefined;

  constructor(raw: Uint8Array, parent: string) {
    this.raw = raw;
    this.name = nameOf(raw);
    this.tag = parent + this.name;
    const isTop = parent === '';
    this.stepRank = isTop ? (stepRank(this.name) ?? -1) : -1;
    this.mayBeTime = isTop && isTimeName(this.name);
    this.isPart = isTop && partNames.has(this.name.toLowerCase());
  }

  /** The keys of the objects that stand at this key. */
  get children(): JsonKeys {
    this.#children ??= new JsonKeys(`${this.tag}/`);
    return this.#children;
  }

  column(columns: ColumnTable): Column {
    if (this.#column === undefined || columns.prefix !== '') return this.#lookUp(columns);
    return this.#column;
  }

  #lookUp(columns: ColumnTable): Column {
    const found = columns.find(this.tag);
    if (columns.prefix === '') this.#column = found;
    return found;
  }
}

/** The keys of one kind of object, found by their bytes. */
export class JsonKeys {
  readonly #parent: string;
  readonly #all = new Map<string, JsonKey>();
  first: JsonKey | undefined;

  constructor(parent: string) {
    this.#parent = parent;
  }

  get all(): Iterable<JsonKey> {
    return this.#all.values();
  }

  /** The key of bytes [start, end). `before` is the key in front of it in the same object. */
  find(bytes: Uint8Array, start: number, end: number, before: JsonKey | undefined): JsonKey {
    let binary = '';
    for (let at = start; at < end; at++) binary += String.fromCharCode(bytes[at]!);
    let key = this.#all.get(binary);
    if (key === undefined) {
      key = new JsonKey(bytes.slice(start, end), this.#parent);
      this.#all.set(binary, key);
    }
    if (before === undefined) this.first = key;
    else before.successor = key;
    return key;
  }

  /** The key of this name, as it would be written without escapes. */
  findName(name: string): JsonKey {
    const raw = new TextEncoder().encode(name);
    return this.find(raw, 0, raw.length, undefined);
  }
}

/** Columns by tag. The prefix is that of the record that is being read. */
export class ColumnTable {
  prefix = '';
  readonly #byTag = new Map<string, Column>();

  get all(): Iterable<Column> {
    return this.#byTag.values();
  }

  find(tag: string): Column {
    const whole = this.prefix + tag;
    let column = this.#byTag.get(whole);
    if (column === undefined) {
      column = new Column(whole);
      this.#byTag.set(whole, column);
    }
    return column;
  }
}

const partNames: ReadonlySet<string> = new Set(['mode', 'split', 'phase', 'stage', 'type', 'subset']);
const parts: ReadonlySet<string> = new Set([
  'train',
  'training',
  'val',
  'valid',
  'validation',
  'test',
  'testing',
  'eval',
  'evaluation',
]);

/** The prefix for records about a part of the data, "val/"; empty where the text names none. */
export function partPrefix(text: string): string {
  return parts.has(text.toLowerCase()) ? `${text}/` : '';
}

function nameOf(raw: Uint8Array): string {
  const text = decoder.decode(raw);
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
