import { type Json, type JsonObject, jsonNumber } from '../../../domain/json.ts';
import { PickleDict, PickleGlobal, PickleObject, PickleSet, PickleTuple, type PickleValue } from '../pickle/values.ts';
import { keyText, tensorOf } from './tensors.ts';

/** What one configuration may hold; the rest is left out with a mark. */
const mostValues = 20_000;
const deepest = 40;
const longestText = 10_000;

/** A configuration within a pickle as a plain tree; undefined where the value is no dictionary of any kind. */
export function configTree(value: PickleValue): JsonObject | undefined {
  const tree = new TreeBuilder().build(value, 0);
  return tree !== null && typeof tree === 'object' && !Array.isArray(tree) ? (tree as JsonObject) : undefined;
}

/** A number that is a plain one in the pickle, or one of NumPy's. */
export function numberOf(value: PickleValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof PickleObject ? numpyScalar(value) : undefined;
}

/** A text, or what a class derived from str holds: PyTorch's own version is one. */
export function textOf(value: PickleValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (!(value instanceof PickleObject)) return undefined;
  const [first] = value.args;
  return value.args.length === 1 && typeof first === 'string' && /Version$|^str$/.test(nameOf(value))
    ? first
    : undefined;
}

class TreeBuilder {
  #left = mostValues;

  build(value: PickleValue, depth: number): Json {
    this.#left--;
    if (this.#left < 0 || depth > deepest) return '…';
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'number') return jsonNumber(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'string') return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
    if (value instanceof Uint8Array) return `<${value.length} bytes>`;
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof PickleTuple || value instanceof PickleSet) return this.#list(value.items, depth);
    if (value instanceof PickleDict) return this.#dict(value, depth);
    if (value instanceof PickleGlobal) return value.path;
    return value instanceof PickleObject ? this.#object(value, depth) : '<stored elsewhere>';
  }

  #list(items: readonly PickleValue[], depth: number): Json {
    const kept = items.slice(0, Math.max(0, this.#left));
    return kept.map((item) => this.build(item, depth + 1));
  }

  #dict({ keys, values }: PickleDict, depth: number): Json {
    const entries = keys.slice(0, Math.max(0, this.#left));
    return Object.fromEntries(entries.map((key, index) => [keyText(key), this.build(values[index]!, depth + 1)]));
  }

  #object(object: PickleObject, depth: number): Json {
    const tensor = tensorOf(object);
    if (tensor !== undefined) return `<${tensor.dtype} tensor [${tensor.shape.join(', ')}]>`;
    const plain = numpyScalar(object);
    if (plain !== undefined) return jsonNumber(plain);
    const inner = contentOf(object);
    if (inner !== undefined) return this.build(inner, depth + 1);
    // A call that says nothing to us keeps its name, and its arguments where it has any.
    const name = object.path === '' ? 'object' : object.path;
    const [only] = object.args;
    if (object.args.length === 0 || only === undefined) return `<${name}>`;
    if (object.args.length === 1 && typeof only === 'string') return only;
    return { [name]: this.#list(object.args, depth) };
  }
}

/** What makes up an object: its entries, its items, its attributes, or the value that it wraps. */
function contentOf(object: PickleObject): PickleValue | undefined {
  const known = contents.get(nameOf(object))?.(object);
  if (known !== undefined) return known;
  if (object.dict !== undefined) return object.dict;
  if (object.items !== undefined) return object.items;
  // With slots the state is a pair of dictionaries: attributes and slots.
  if (object.state instanceof PickleTuple) return object.state.items.findLast((part) => part instanceof PickleDict);
  return object.state instanceof PickleDict ? object.state : undefined;
}

/** Objects whose content does not lie where Python usually puts it, by the name of their class or function. */
const contents: ReadonlyMap<string, (object: PickleObject) => PickleValue | undefined> = new Map(
  Object.entries({
    // collections.OrderedDict and its like are made empty, then filled; an empty one stays empty.
    OrderedDict: ({ dict, args }: PickleObject) => dict ?? (args[0] instanceof PickleDict ? args[0] : new PickleDict()),
    defaultdict: ({ dict }: PickleObject) => dict ?? new PickleDict(),
    set: ({ args }: PickleObject) => args[0],
    frozenset: ({ args }: PickleObject) => args[0],
    // pathlib: the parts of the path.
    PosixPath: ({ args }: PickleObject) => joined(args),
    PurePosixPath: ({ args }: PickleObject) => joined(args),
    WindowsPath: ({ args }: PickleObject) => joined(args),
    // OmegaConf's containers and nodes (omegaconf/basecontainer.py, base.py: `_content`, `_val`).
    DictConfig: attribute('_content'),
    ListConfig: attribute('_content'),
    AnyNode: attribute('_val'),
    StringNode: attribute('_val'),
    IntegerNode: attribute('_val'),
    FloatNode: attribute('_val'),
    BooleanNode: attribute('_val'),
    EnumNode: attribute('_val'),
    PathNode: attribute('_val'),
  }),
);

function attribute(name: string): (object: PickleObject) => PickleValue | undefined {
  return ({ state }) => (state instanceof PickleDict ? state.get(name) : undefined);
}

function joined(parts: readonly PickleValue[]): string {
  return parts.map(String).join('/').replace(/^\/\//, '/');
}

function nameOf({ callable }: PickleObject): string {
  return callable instanceof PickleGlobal ? callable.name : '';
}

/** How NumPy's element types are read, by their names with byte order. */
const numpyTypes: ReadonlyMap<string, (view: DataView) => number> = new Map(
  Object.entries({
    f8: (view: DataView) => view.getFloat64(0, true),
    f4: (view: DataView) => view.getFloat32(0, true),
    i8: (view: DataView) => Number(view.getBigInt64(0, true)),
    i4: (view: DataView) => view.getInt32(0, true),
    u4: (view: DataView) => view.getUint32(0, true),
    u1: (view: DataView) => view.getUint8(0),
  }),
);

/** numpy.core.multiarray.scalar(dtype('f8', …), bytes) as a number. Before protocol 3 the bytes are a text that is encoded as latin1. */
function numpyScalar(object: PickleObject): number | undefined {
  if (!/^numpy\.(_core|core)\.multiarray\.scalar$/.test(object.path)) return undefined;
  const [dtype, content] = object.args;
  const code = dtype instanceof PickleObject ? dtype.args[0] : undefined;
  const read = typeof code === 'string' ? numpyTypes.get(code) : undefined;
  const bytes = bytesOf(content);
  if (read === undefined || bytes === undefined || bytes.length !== Number(String(code).slice(1))) return undefined;
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function bytesOf(value: PickleValue | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const text = value instanceof PickleObject && value.path === '_codecs.encode' ? value.args[0] : value;
  return typeof text === 'string' ? Uint8Array.from(text, (character) => character.charCodeAt(0)) : undefined;
}
