import { AppError } from './errors.ts';

/** What is used of WebAssembly.Memory: https://webassembly.github.io/spec/js-api/#memories. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the interface that is used here: Node has it, its types do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
};

export const wasmPageBytes = 1 << 16;

/** What a program exports. One that imports its memory is given it. */
export function startProgram<Exports>(bytes: Uint8Array, memory?: WasmMemory): Exports {
  const module = new WebAssembly.Module(bytes);
  const imports = memory === undefined ? {} : { env: { memory } };
  return new WebAssembly.Instance(module, imports).exports as Exports;
}

/**
 * Memory of at least so many bytes, all zero, that never grows: arrays over it stay good. The machine gives its pages when they are first written.
 * Throws AppError 'out-of-memory' where there is no room for it.
 */
export function fixedMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / wasmPageBytes);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    throw new AppError('out-of-memory', `There is no room for ${(bytes / 1e6).toFixed(0)} MB of memory.`, {
      hint: 'Stop other programs, or raise the limit of this one (ulimit -v).',
      cause: error,
    });
  }
}
