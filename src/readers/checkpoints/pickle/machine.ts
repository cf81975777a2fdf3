import { MalformedPickle, PickleSource } from './source.ts';
import { PickleDict, PickleObject, type PickleValue, setPairs } from './values.ts';

/** The stack machine of a pickle. */
export class PickleMachine {
  readonly source: PickleSource;
  /** Values that stand above the last mark. */
  stack: PickleValue[] = [];
  readonly #below: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();
  ended = false;

  constructor(bytes: Uint8Array) {
    this.source = new PickleSource(bytes);
  }

  stop(): void {
    this.ended = true;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw new MalformedPickle('it takes a value from where there is none.');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw new MalformedPickle('it asks for a value where there is none.');
    return value;
  }

  mark(): void {
    this.#below.push(this.stack);
    this.stack = [];
  }

  /** The values above the last mark; the stack is then the one below it. */
  popMark(): PickleValue[] {
    const below = this.#below.pop();
    if (below === undefined) throw new MalformedPickle('it goes back to a mark where there is none.');
    const items = this.stack;
    this.stack = below;
    return items;
  }

  put(index: number, value: PickleValue): void {
    this.#memo.set(index, value);
  }

  memoize(): void {
    this.#memo.set(this.#memo.size, this.top());
  }

  get(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new MalformedPickle(`it asks for value ${index}, which it never kept.`);
    return value;
  }

  /**
   * What the outermost container holds so far, with everything that stands on the stack for it and for those within it. Undefined where it is none.
   */
  begun(): PickleDict | PickleObject | undefined {
    const levels = [...this.#below, this.stack];
    for (let level = levels.length - 1; level > 0; level--) fill(levels[level - 1]!.at(-1), levels[level]!);
    const outer = levels[0]?.[0];
    return outer instanceof PickleDict || outer instanceof PickleObject ? outer : undefined;
  }
}

/** Puts what was meant for a container into it. */
function fill(container: PickleValue | undefined, items: readonly PickleValue[]): void {
  if (container instanceof PickleDict) setPairs(container, items);
  else if (container instanceof PickleObject) {
    container.dict ??= new PickleDict();
    setPairs(container.dict, items);
  }
}
