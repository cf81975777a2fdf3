/** The operations of pickle protocol 2 and 4 that tests put together by hand, as plain as can be. */
export const op = {
  protocol: (version = 2) => Buffer.from([0x80, version]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  emptyDict: Buffer.from('}'),
  emptyList: Buffer.from(']'),
  emptyTuple: Buffer.from(')'),
  tuple: Buffer.from('t'),
  append: Buffer.from('a'),
  setItem: Buffer.from('s'),
  setItems: Buffer.from('u'),
  reduce: Buffer.from('R'),
  build: Buffer.from('b'),
  persistent: Buffer.from('Q'),
  newObject: Buffer.from([0x81]),
  put: (index: number) => Buffer.from([0x71, index]),
  get: (index: number) => Buffer.from([0x68, index]),
  int: (value: number) => {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  text: (value: string) => {
    const content = Buffer.from(value);
    const head = Buffer.alloc(5, 'X');
    head.writeUInt32LE(content.length, 1);
    return Buffer.concat([head, content]);
  },
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
} as const;

/** A tensor as torch.save describes it. */
export function tensor(storage: string, key: string, shape: readonly number[]): Buffer {
  const sizes = Buffer.concat([op.mark, ...shape.map(op.int), op.tuple]);
  return Buffer.concat([
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    ...[op.mark, op.text('storage'), op.global('torch', storage), op.text(key), op.text('cpu'), op.int(1), op.tuple],
    op.persistent,
    ...[op.int(0), sizes, sizes, Buffer.from([0x89]), op.emptyDict],
    op.tuple,
    op.reduce,
  ]);
}

/** A dictionary of texts and values that are encoded already. */
export function dict(entries: { readonly [key: string]: Buffer }): Buffer {
  const pairs = Object.entries(entries).flatMap(([key, value]) => [op.text(key), value]);
  return Buffer.concat([op.emptyDict, op.mark, ...pairs, op.setItems]);
}

export const pickle = (value: Buffer): Buffer => Buffer.concat([op.protocol(), value, op.stop]);
