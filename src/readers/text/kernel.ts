import { startProgram, type WasmMemory, wasmPageBytes } from '../../base/webAssembly.ts';
import { kernelBytes } from './kernelBytes.ts';
import { tablesEnd, writeTables } from './kernelTables.ts';

/** Why a scan of the kernel ended; assembly/columns.ts has the same numbers. */
export const endings = { done: 0, full: 1, cut: 2, wider: 3, headerAgain: 4, unknown: 5 } as const;

/** What the program in assembly/ gives. Places are offsets in its memory. */
interface Program {
  readonly memory: WasmMemory;
  readonly reason: { readonly value: number };
  readonly row: { readonly value: number };
  readonly texts: { readonly value: number };
  readonly decimal: { readonly value: number };
  readonly isDecided: { readonly value: number };
  readonly begin: (
    values: number,
    rows: number,
    counts: number,
    texts: number,
    columns: number,
    rowsOfRoom: number,
    textsOfRoom: number,
    firstRow: number,
  ) => void;
  readonly scanRows: (
    start: number,
    last: number,
    end: number,
    isSettled: boolean,
    delimiter: number,
    width: number,
    first: number,
    known: number,
  ) => number;
  readonly scanRecords: (start: number, end: number, shapes: number, count: number, shapeOfRow: number) => number;
  readonly readDecimal: (start: number) => number;
}

/** The program reads up to so many bytes behind the last one that it looks at. */
const margin = 64;
const lineFeed = 10;

let shared: Kernel | undefined;

/** The kernel of this thread. It keeps nothing between calls of those who use it: each puts its text and its columns there anew. */
export function sharedKernel(): Kernel {
  shared ??= new Kernel();
  return shared;
}

/** The WebAssembly program and its memory, of which a user takes one place after the other. */
export class Kernel {
  readonly program: Program;
  bytes: Uint8Array;
  #taken = tablesEnd;

  constructor() {
    this.program = startProgram<Program>(Buffer.from(kernelBytes, 'base64'));
    writeTables(this.program.memory.buffer);
    this.bytes = new Uint8Array(this.program.memory.buffer);
  }

  get buffer(): ArrayBuffer {
    return this.program.memory.buffer;
  }

  /** Gives all places back and puts the bytes [start, end) of a text there, with a line feed behind them; gives back where the text's first byte would be. */
  load(text: Uint8Array, start: number, end: number): number {
    this.#taken = tablesEnd;
    const at = this.take(end - start + 1);
    this.bytes.set(text.subarray(start, end), at);
    this.bytes[at + end - start] = lineFeed;
    return at - start;
  }

  /** For `rewind`: what is taken from now on. */
  mark(): number {
    return this.#taken;
  }

  /** Gives back what was taken since the mark. */
  rewind(mark: number): void {
    this.#taken = mark;
  }

  /** A place for so many bytes, at a whole number of 8. What `bytes` and `buffer` were before may be void. */
  take(length: number): number {
    const at = this.#taken;
    this.#taken = at + (((length + margin) >>> 3) + 1) * 8;
    const missing = this.#taken - this.buffer.byteLength;
    if (missing > 0) {
      this.program.memory.grow(Math.ceil(missing / wasmPageBytes));
      this.bytes = new Uint8Array(this.buffer);
    }
    return at;
  }
}
