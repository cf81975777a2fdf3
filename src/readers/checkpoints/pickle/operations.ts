import type { PickleMachine } from './machine.ts';
import { MalformedPickle, narrow } from './source.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PicklePersistent,
  PickleSet,
  PickleTuple,
  type PickleValue,
  setPairs,
} from './values.ts';

type Operation = (machine: PickleMachine) => void;

/** Operations whose argument follows them and is the value. */
const constants: { readonly [code: string]: (machine: PickleMachine) => PickleValue } = {
  N: () => null,
  '\x88': () => true,
  '\x89': () => false,
  I: ({ source }) => textInteger(source.line()),
  L: ({ source }) => textInteger(source.line()),
  F: ({ source }) => textFloat(source.line()),
  J: ({ source }) => source.int32(),
  K: ({ source }) => source.byte(),
  M: ({ source }) => source.uint16(),
  '\x8a': ({ source }) => source.long(source.byte()),
  '\x8b': ({ source }) => source.long(source.int32()),
  G: ({ source }) => source.double(),
  S: ({ source }) => source.line().replace(/^(['"])(.*)\1$/s, '$2'),
  V: ({ source }) => source.escapedLine(),
  T: ({ source }) => source.text(source.int32()),
  U: ({ source }) => source.text(source.byte()),
  X: ({ source }) => source.text(source.uint32()),
  '\x8c': ({ source }) => source.text(source.byte()),
  '\x8d': ({ source }) => source.text(source.uint64()),
  B: ({ source }) => source.bytes(source.uint32()),
  C: ({ source }) => source.bytes(source.byte()),
  '\x8e': ({ source }) => source.bytes(source.uint64()),
  '\x96': ({ source }) => source.bytes(source.uint64()),
  ')': () => new PickleTuple([]),
  ']': () => [],
  '}': () => new PickleDict(),
  '\x8f': () => new PickleSet(),
  P: ({ source }) => new PicklePersistent(source.line()),
  c: ({ source }) => new PickleGlobal(source.line(), source.line()),
  // Extension codes name classes by a registry of the writing program, which is not known here.
  '\x82': ({ source }) => new PickleGlobal('copyreg', `extension ${source.byte()}`),
  '\x83': ({ source }) => new PickleGlobal('copyreg', `extension ${source.uint16()}`),
  '\x84': ({ source }) => new PickleGlobal('copyreg', `extension ${source.int32()}`),
  // Buffers of protocol 5 lie outside the pickle.
  '\x97': () => new PicklePersistent('buffer'),
};

/** Operations that work on the stack. */
const actions: { readonly [code: string]: Operation } = {
  '\x80': ({ source }) => void source.byte(),
  '\x95': ({ source }) => void source.uint64(),
  '\x98': () => undefined,
  '.': (machine) => machine.stop(),
  '(': (machine) => machine.mark(),
  '0': (machine) => void (machine.stack.length > 0 ? machine.pop() : machine.popMark()),
  '1': (machine) => void machine.popMark(),
  '2': (machine) => machine.push(machine.top()),
  p: (machine) => machine.put(index(machine.source.line()), machine.top()),
  q: (machine) => machine.put(machine.source.byte(), machine.top()),
  r: (machine) => machine.put(machine.source.uint32(), machine.top()),
  '\x94': (machine) => machine.memoize(),
  g: (machine) => machine.push(machine.get(index(machine.source.line()))),
  h: (machine) => machine.push(machine.get(machine.source.byte())),
  j: (machine) => machine.push(machine.get(machine.source.uint32())),
  t: (machine) => machine.push(new PickleTuple(machine.popMark())),
  '\x85': (machine) => pushTuple(machine, 1),
  '\x86': (machine) => pushTuple(machine, 2),
  '\x87': (machine) => pushTuple(machine, 3),
  l: (machine) => machine.push(machine.popMark()),
  d: (machine) => {
    const dict = new PickleDict();
    setPairs(dict, machine.popMark());
    machine.push(dict);
  },
  '\x91': (machine) => {
    const set = new PickleSet();
    append(set.items, machine.popMark());
    machine.push(set);
  },
  a: (machine) => {
    const item = machine.pop();
    itemsOf(machine.top()).push(item);
  },
  e: (machine) => {
    const items = machine.popMark();
    append(itemsOf(machine.top()), items);
  },
  '\x90': (machine) => {
    const items = machine.popMark();
    append(itemsOf(machine.top()), items);
  },
  s: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    dictOf(machine.top()).set(key, value);
  },
  u: (machine) => {
    const items = machine.popMark();
    setPairs(dictOf(machine.top()), items);
  },
  '\x93': (machine) => {
    const name = machine.pop();
    machine.push(new PickleGlobal(String(machine.pop()), String(name)));
  },
  Q: (machine) => machine.push(new PicklePersistent(machine.pop())),
  R: (machine) => {
    const args = machine.pop();
    machine.push(new PickleObject(machine.pop(), tupleItems(args)));
  },
  '\x81': (machine) => {
    const args = machine.pop();
    machine.push(new PickleObject(machine.pop(), tupleItems(args)));
  },
  '\x92': (machine) => {
    const named = machine.pop();
    const args = machine.pop();
    machine.push(new PickleObject(machine.pop(), [...tupleItems(args), named]));
  },
  i: (machine) => {
    const callable = new PickleGlobal(machine.source.line(), machine.source.line());
    machine.push(new PickleObject(callable, machine.popMark()));
  },
  o: (machine) => {
    const [callable, ...args] = machine.popMark();
    if (callable === undefined) throw new MalformedPickle('it makes an object of no class.');
    machine.push(new PickleObject(callable, args));
  },
  b: (machine) => {
    const state = machine.pop();
    const object = machine.top();
    // Only objects have a state; one for anything else means nothing here.
    if (object instanceof PickleObject) object.state = state;
  },
};

/** What each operation does, by its code (CPython, Lib/pickletools.py). */
export const operations: readonly (Operation | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  const action = actions[letter];
  if (action !== undefined) return action;
  const constant = constants[letter];
  return constant === undefined ? undefined : (machine: PickleMachine) => machine.push(constant(machine));
});

function pushTuple(machine: PickleMachine, length: number): void {
  const items = Array.from({ length }, () => machine.pop());
  machine.push(new PickleTuple(items.reverse()));
}

function tupleItems(value: PickleValue): readonly PickleValue[] {
  if (value instanceof PickleTuple) return value.items;
  return Array.isArray(value) ? value : [value];
}

/** Where the items of a list, a set, or an object that is one, are kept. */
function itemsOf(value: PickleValue): PickleValue[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PickleSet) return value.items;
  if (value instanceof PickleObject) {
    value.items ??= [];
    return value.items;
  }
  throw new MalformedPickle('it adds an item to something that has none.');
}

function dictOf(value: PickleValue): PickleDict {
  if (value instanceof PickleDict) return value;
  if (value instanceof PickleObject) {
    value.dict ??= new PickleDict();
    return value.dict;
  }
  throw new MalformedPickle('it sets an entry of something that has none.');
}

/** One by one: a spread of a million items would exhaust the call stack. */
function append(into: PickleValue[], items: readonly PickleValue[]): void {
  for (const item of items) into.push(item);
}

function index(line: string): number {
  const value = Number(line);
  if (!Number.isSafeInteger(value) || value < 0) throw new MalformedPickle(`"${line.slice(0, 20)}" is no place.`);
  return value;
}

function textInteger(line: string): PickleValue {
  if (line === '00') return false;
  if (line === '01') return true;
  const digits = line.replace(/L$/, '');
  if (!/^\s*[-+]?\d{1,2500}\s*$/.test(digits)) throw new MalformedPickle(`"${line.slice(0, 20)}" is no number.`);
  return narrow(BigInt(digits.trim().replace(/^\+/, '')));
}

/** As Python prints floats: "nan" and "inf" too. */
function textFloat(line: string): number {
  const [, sign, word] = /^([-+]?)(inf|nan)/i.exec(line.trim()) ?? [];
  if (word?.toLowerCase() === 'nan') return Number.NaN;
  if (word !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(line);
}
