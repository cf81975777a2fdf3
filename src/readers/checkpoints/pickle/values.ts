/**
 * What a pickle holds, as inert data. Python's own objects keep their content; whatever a pickle wants to import, call or build is only written down: a name, its
 * arguments, its state. Nothing is ever looked up or run.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PicklePersistent;

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dictionary as its pairs in the order in which they were set: keys may be anything, so they are not looked up. */
export class PickleDict {
  readonly keys: PickleValue[] = [];
  readonly values: PickleValue[] = [];

  set(key: PickleValue, value: PickleValue): void {
    this.keys.push(key);
    this.values.push(value);
  }

  /** The last value that was set under a text. */
  get(key: string): PickleValue | undefined {
    const at = this.keys.lastIndexOf(key);
    return at < 0 ? undefined : this.values[at];
  }
}

export class PickleSet {
  readonly items: PickleValue[] = [];
}

/** A class or function by its name: "torch.nn.modules.conv", "Conv2d". */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  /** "torch._utils._rebuild_tensor_v2". */
  get path(): string {
    return this.module === '' ? this.name : `${this.module}.${this.name}`;
  }
}

/** The result of a call that was not made: what would have been called, with what, and what would have been put into it. */
export class PickleObject {
  readonly callable: PickleValue;
  readonly args: readonly PickleValue[];
  /** What BUILD would have set: most often the object's attributes. */
  state: PickleValue | undefined;
  /** Items of objects that are lists, pairs of those that are dictionaries. */
  items: PickleValue[] | undefined;
  dict: PickleDict | undefined;

  constructor(callable: PickleValue, args: readonly PickleValue[]) {
    this.callable = callable;
    this.args = args;
  }

  /** The name of its class or function, "" where that is no plain name. */
  get path(): string {
    return this.callable instanceof PickleGlobal ? this.callable.path : '';
  }
}

/** Something that lies outside the pickle: PyTorch's storages. */
export class PicklePersistent {
  readonly id: PickleValue;

  constructor(id: PickleValue) {
    this.id = id;
  }
}

/** Sets pairs of key and value that stand one after the other. */
export function setPairs(dict: PickleDict, items: readonly PickleValue[]): void {
  for (let at = 0; at + 1 < items.length; at += 2) dict.set(items[at]!, items[at + 1]!);
}
