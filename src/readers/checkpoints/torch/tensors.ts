import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PicklePersistent,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from '../pickle/values.ts';

/** A tensor as a pickle describes it. */
export interface TorchTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Tells tensors apart that share their numbers: the storage's key and the offset in it. */
  readonly storage: string;
}

/** A tensor, and the keys that lead to it. */
export interface FoundTensor {
  readonly path: readonly string[];
  readonly tensor: TorchTensor;
}

/** How the functions that PyTorch names in its pickles describe a tensor: where size and storage stand among their arguments (torch/_utils.py, torch/_tensor.py). */
const rebuilders: { readonly [path: string]: (args: readonly PickleValue[]) => TorchTensor | undefined } = {
  'torch._utils._rebuild_tensor': ([storage, offset, size]) => ofStorage(storage, offset, size),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, size]) => ofStorage(storage, offset, size),
  'torch._utils._rebuild_tensor_v3': ([storage, offset, size, , , , dtype]) => ofStorage(storage, offset, size, dtype),
  'torch._utils._rebuild_qtensor': ([storage, offset, size]) => ofStorage(storage, offset, size),
  'torch._utils._rebuild_parameter': ([data]) => (data === undefined ? undefined : tensorOf(data)),
  'torch._utils._rebuild_parameter_with_state': ([data]) => (data === undefined ? undefined : tensorOf(data)),
  'torch._utils._rebuild_meta_tensor_no_storage': ([dtype, size]) => withoutStorage(dtype, size),
  'torch._utils._rebuild_sparse_tensor': ([, data]) =>
    data instanceof PickleTuple ? withoutStorage(undefined, data.items[2], data.items[1]) : undefined,
  'torch._tensor._rebuild_from_type_v2': ([, , args]) =>
    args instanceof PickleTuple ? ofStorage(args.items[0], args.items[1], args.items[2]) : undefined,
  'torch._utils._rebuild_device_tensor_from_numpy': ([, dtype]) => withoutStorage(dtype, undefined),
};

/** The tensor that a value stands for; undefined for any other value. */
export function tensorOf(value: PickleValue): TorchTensor | undefined {
  if (!(value instanceof PickleObject)) return undefined;
  const { path } = value;
  return Object.hasOwn(rebuilders, path) ? rebuilders[path]!(value.args) : undefined;
}

/** A tree deeper than this is no model. */
const deepest = 64;
const mostValues = 2_000_000;

/**
 * All tensors below a value, each with the keys that lead to it. Every container is entered once, however often it is named, so no pickle can make this long.
 * What belongs to modules of PyTorch is named as in their `state_dict`.
 */
export function findTensors(root: PickleValue): readonly FoundTensor[] {
  const found: FoundTensor[] = [];
  const seen = new Set<object>();
  const waiting: { readonly value: PickleValue; readonly path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let visited = 0; waiting.length > 0 && visited < mostValues; visited++) {
    const { value, path } = waiting.pop()!;
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) continue;
    const tensor = tensorOf(value);
    if (tensor !== undefined) {
      found.push({ path, tensor });
      continue;
    }
    if (seen.has(value) || path.length >= deepest) continue;
    seen.add(value);
    // The last one that is put down is looked at first, so they are put down backwards.
    const below = childrenOf(value);
    for (let index = below.length - 1; index >= 0; index--) {
      const [key, child] = below[index]!;
      waiting.push({ value: child, path: key === undefined ? path : [...path, key] });
    }
  }
  return found;
}

type Child = readonly [key: string | undefined, value: PickleValue];

/** Attributes in which torch.nn.Module keeps what it holds; its state_dict leaves them out. */
const moduleParts: ReadonlySet<string> = new Set(['_modules', '_parameters', '_buffers']);

function childrenOf(value: PickleValue): readonly Child[] {
  if (value instanceof PickleDict) return pairsOf(value);
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  if (value instanceof PickleTuple || value instanceof PickleSet)
    return value.items.map((item, index): Child => [String(index), item]);
  if (!(value instanceof PickleObject)) return [];
  return [
    ...(value.dict === undefined ? [] : pairsOf(value.dict)),
    ...(value.items ?? []).map((item, index): Child => [String(index), item]),
    ...(value.state === undefined || value.path === 'collections.OrderedDict'
      ? []
      : ([[undefined, value.state]] as const)),
    ...value.args.map((item): Child => [undefined, item]),
  ];
}

function pairsOf({ keys, values }: PickleDict): readonly Child[] {
  return keys.map((key, index): Child => {
    const name = keyText(key);
    return [moduleParts.has(name) ? undefined : name, values[index]!];
  });
}

/** A key as it is written in a path. */
export function keyText(key: PickleValue): string {
  return typeof key === 'object' && key !== null ? '?' : String(key);
}

function ofStorage(
  storage: PickleValue | undefined,
  offset: PickleValue | undefined,
  size: PickleValue | undefined,
  dtype?: PickleValue,
): TorchTensor | undefined {
  const shape = sizesOf(size);
  if (!(storage instanceof PicklePersistent) || shape === undefined) return undefined;
  // ('storage', class, key, location, number of elements); torch/serialization.py, persistent_id.
  const [, type, key] = storage.id instanceof PickleTuple ? storage.id.items : [];
  const name = dtype === undefined ? storageType(type) : dtypeName(dtype);
  return { dtype: name, shape, storage: `${keyText(key ?? null)}+${keyText(offset ?? 0)}` };
}

/** A tensor whose numbers are not stored as such: it shares them with nobody. */
function withoutStorage(
  dtype: PickleValue | undefined,
  size: PickleValue | undefined,
  values?: PickleValue,
): TorchTensor {
  const inner = values === undefined ? undefined : tensorOf(values);
  return { dtype: inner?.dtype ?? dtypeName(dtype), shape: sizesOf(size) ?? [], storage: '' };
}

function sizesOf(value: PickleValue | undefined): readonly number[] | undefined {
  // torch.Size may be written as a call with one tuple.
  const plain = value instanceof PickleObject && value.path === 'torch.Size' ? value.args[0] : value;
  if (!(plain instanceof PickleTuple)) return undefined;
  return plain.items.every((size): size is number => typeof size === 'number' && size >= 0) ? plain.items : undefined;
}

/** Element types by PyTorch's classes of storage (torch/storage.py, _dtype_to_storage_type_map). */
const storageTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    DoubleStorage: 'float64',
    FloatStorage: 'float32',
    HalfStorage: 'float16',
    BFloat16Storage: 'bfloat16',
    LongStorage: 'int64',
    IntStorage: 'int32',
    ShortStorage: 'int16',
    CharStorage: 'int8',
    ByteStorage: 'uint8',
    BoolStorage: 'bool',
    ComplexDoubleStorage: 'complex128',
    ComplexFloatStorage: 'complex64',
    QUInt8Storage: 'quint8',
    QInt8Storage: 'qint8',
    QInt32Storage: 'qint32',
    UntypedStorage: 'bytes',
  }),
);

function storageType(type: PickleValue | undefined): string {
  if (!(type instanceof PickleGlobal)) return 'unknown';
  return storageTypes.get(type.name) ?? type.name;
}

/** "float8_e4m3fn" of the name torch.float8_e4m3fn. */
function dtypeName(dtype: PickleValue | undefined): string {
  return dtype instanceof PickleGlobal ? dtype.name : 'unknown';
}
