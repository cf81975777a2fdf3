import type { Disposable } from '../../../base/disposables.ts';
import { exampleTensors } from '../../../recipes/data.ts';
import type { TensorData } from '../../engine/session.ts';
import type { DataSet } from '../dataSet.ts';
import type { ExampleArrays } from '../exampleReader.ts';
import { LoaderThreads } from './loaderThreads.ts';
import type { Selection } from './messages.ts';

/** Examples that are read before they are asked for take no more memory than this. */
const mostAheadBytes = 512 * 1024 * 1024;
/** A question to a thread is about so many bytes: large enough that asking costs nothing, small enough that threads share the work. */
const blockBytes = 256 * 1024;
/** So many blocks per thread are asked for ahead at least, so that none of them waits for the next question. */
const blocksPerThread = 3;

/**
 * Reads the examples of a sequence of places. With threads, the places behind those that were taken are read while the caller does something else: blocks of places, the same
 * ones wherever reading begins, so that what a place holds depends on the place alone. Without threads, or where the set lies in memory, examples are gathered when they are asked for.
 */
export class AheadReader implements Disposable {
  readonly #set: DataSet;
  readonly #select: (position: number, count: number) => Selection;
  readonly #threads: LoaderThreads | undefined;
  readonly #block: number;
  readonly #leastAhead: number;
  readonly #mostAhead: number;
  /** Places up to this one are read ahead, where it is known that there are no more. */
  readonly #end: number;
  /** By the number of the block. */
  readonly #asked = new Map<number, Promise<ExampleArrays>>();

  /** @param select the examples of `count` places from a position on */
  constructor(
    set: DataSet,
    select: (position: number, count: number) => Selection,
    { threads, block, end = Number.POSITIVE_INFINITY }: AheadOptions,
  ) {
    this.#set = set;
    this.#select = select;
    this.#end = end;
    const size = exampleBytes(set);
    this.#block = block ?? Math.max(1, Math.floor(blockBytes / size));
    this.#leastAhead = this.#block * blocksPerThread * threads;
    this.#mostAhead = Math.max(this.#block, Math.floor(mostAheadBytes / size));
    if (set.plan !== undefined && threads > 0) this.#threads = new LoaderThreads(set.plan, threads);
  }

  /** The examples of the `count` places from `position` on. As many behind them are read ahead, and more where that would not keep the threads at work. */
  async take(position: number, count: number): Promise<ExampleArrays> {
    if (this.#threads === undefined) {
      const { indices, draws } = this.#select(position, count);
      return this.#set.gather(indices, draws);
    }
    const needed = this.#blocksOf(position, position + count);
    const wished = Math.min(Math.max(count, this.#leastAhead), this.#mostAhead);
    const ahead = Math.min(this.#end, position + count + wished);
    const wanted = this.#blocksOf(position, Math.max(ahead, position + count));
    this.#forgetAllBut(new Set(wanted));
    for (const block of wanted) this.#ask(block);
    const parts = await Promise.all(needed.map((block) => this.#asked.get(block)!));
    return this.#join(parts, position - needed[0]! * this.#block, count);
  }

  dispose(): void {
    this.#threads?.dispose();
    this.#asked.clear();
  }

  #blocksOf(from: number, until: number): number[] {
    const first = Math.floor(from / this.#block);
    return Array.from({ length: Math.ceil(until / this.#block) - first }, (_, i) => first + i);
  }

  #ask(block: number): void {
    if (this.#asked.has(block)) return;
    this.#asked.set(block, this.#threads!.read(this.#select(block * this.#block, this.#block)));
  }

  #forgetAllBut(kept: ReadonlySet<number>): void {
    for (const block of this.#asked.keys()) if (!kept.has(block)) this.#asked.delete(block);
  }

  /** `count` examples from the first `skipped` ones on, out of neighbouring blocks. */
  #join(parts: readonly ExampleArrays[], skipped: number, count: number): ExampleArrays {
    const joined: Record<string, TensorData> = {};
    for (const [name, { shape }] of Object.entries(exampleTensors(this.#set.facts))) {
      const size = shape.reduce((product, each) => product * each, 1);
      const arrays = parts.map((part) => part[name]!);
      joined[name] = joinArrays(arrays, skipped * size, count * size);
    }
    return joined;
  }
}

export interface AheadOptions {
  /** That read ahead. None are started for a set that lies in memory. */
  readonly threads: number;
  /** Examples that a thread is asked for at once; by their size where it is not given. */
  readonly block?: number;
  /** Number of places, where it is known. */
  readonly end?: number;
}

function joinArrays(arrays: readonly TensorData[], skipped: number, length: number): TensorData {
  const first = arrays[0]!;
  const joined = new (first.constructor as new (length: number) => TensorData)(length);
  let at = -skipped;
  for (const array of arrays) {
    const part = array.subarray(Math.max(0, -at), Math.max(0, Math.min(array.length, length - at)));
    joined.set(part as never, Math.max(0, at));
    at += array.length;
  }
  return joined;
}

const bytesPerElement = { uint8: 1, int32: 4, int64: 8, float32: 4 } as const;

function exampleBytes(set: DataSet): number {
  return Object.values(exampleTensors(set.facts)).reduce(
    (sum, { shape, dtype }) => sum + shape.reduce((product, each) => product * each, bytesPerElement[dtype]),
    0,
  );
}
