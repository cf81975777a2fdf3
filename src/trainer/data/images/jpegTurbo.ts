import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What libjpeg-turbo made of a file. `guessed`: it went on behind something that should not be there. `refused`: it gave up. */
export type TurboAnswer =
  | { readonly kind: 'pixels'; readonly values: Uint8Array }
  | { readonly kind: 'guessed' }
  | { readonly kind: 'refused' };

/** As the frame of the file tells. */
export interface TurboImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * Decodes a whole JPEG file by libjpeg-turbo (the WebAssembly of @cwasm/jpeg-turbo, whose functions are those of turbojpeg.h) to grey values, or to red, green and blue: the same pixels as
 * Pillow's. Throws RangeError where memory does not suffice.
 */
export function decodeByTurbo(bytes: Uint8Array, image: TurboImage): TurboAnswer {
  decoder ??= new TurboDecoder();
  try {
    return decoder.decode(bytes, image);
  } catch (error) {
    // Its memory is as it was at the place of the fault, so the next image gets a new one.
    decoder = undefined;
    if (error instanceof GivenUp || error instanceof WebAssembly.RuntimeError) return { kind: 'refused' };
    throw error;
  }
}

let decoder: TurboDecoder | undefined;
let program: object | undefined;

/** Thrown through WebAssembly in the place of the jump with which libjpeg leaves its functions. */
class GivenUp extends Error {}

/** The part of the WebAssembly interface that is used here: Node has it, its types do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (program: object, imports: object) => { readonly exports: object };
  readonly RuntimeError: new () => Error;
};

interface TurboFunctions {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(pointer: number): void;
  tjInitDecompress(): number;
  tjDecompress2(
    ...args: [
      handle: number,
      jpeg: number,
      size: number,
      pixels: number,
      width: number,
      pitch: number,
      height: number,
      format: number,
      flags: number,
    ]
  ): number;
}

interface Room {
  readonly pointer: number;
  readonly size: number;
}

/** TJPF_RGB and TJPF_GRAY, by channels. */
const formats = { 1: 6, 3: 0 } as const;
/** Upsampling and transformation are the accurate ones then, which Pillow has too. */
const noFlags = 0;

/** An instance with a memory of its own. Decompressor and room are kept from image to image. */
class TurboDecoder {
  readonly #functions: TurboFunctions;
  readonly #handle: number;
  #input: Room = { pointer: 0, size: 0 };
  #output: Room = { pointer: 0, size: 0 };

  constructor() {
    program ??= new WebAssembly.Module(readFileSync(programFile()));
    this.#functions = new WebAssembly.Instance(program, imports()).exports as TurboFunctions;
    this.#handle = this.#functions.tjInitDecompress();
  }

  decode(bytes: Uint8Array, { width, height, channels }: TurboImage): TurboAnswer {
    const functions = this.#functions;
    const size = width * height * channels;
    this.#input = this.#roomFor(this.#input, bytes.length);
    this.#output = this.#roomFor(this.#output, size);
    const [jpeg, pixels] = [this.#input.pointer, this.#output.pointer];
    new Uint8Array(functions.memory.buffer, jpeg, bytes.length).set(bytes);
    const shape = [width, width * channels, height] as const;
    const status = functions.tjDecompress2(
      this.#handle,
      jpeg,
      bytes.length,
      pixels,
      ...shape,
      formats[channels],
      noFlags,
    );
    if (status !== 0) return { kind: 'guessed' };
    return { kind: 'pixels', values: new Uint8Array(functions.memory.buffer, pixels, size).slice() };
  }

  #roomFor(room: Room, size: number): Room {
    if (size <= room.size) return room;
    if (room.pointer !== 0) this.#functions.free(room.pointer);
    const pointer = this.#functions.malloc(size);
    if (pointer === 0) throw new RangeError(`It needs ${size} bytes of memory, more than there are.`);
    return { pointer, size };
  }
}

/** What the program asks its host for. It writes nowhere and reads no variables. */
function imports(): object {
  const giveUp = () => {
    throw new GivenUp();
  };
  return {
    env: { setjmp: () => 0, longjmp: giveUp },
    wasi_snapshot_preview1: {
      proc_exit: giveUp,
      // A new memory holds zeros, which say that there are no variables.
      environ_sizes_get: () => done,
      environ_get: () => notSupported,
      fd_close: () => notSupported,
      fd_seek: () => notSupported,
      fd_write: () => notSupported,
    },
  };
}

/** ESUCCESS and ENOSYS of WASI preview 1. */
const done = 0;
const notSupported = 52;

/** Beside a bundle, or in the package. */
function programFile(): string {
  if (!import.meta.url.endsWith('.ts')) return fileURLToPath(new URL('./jpeg-turbo.wasm', import.meta.url));
  return createRequire(import.meta.url).resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm');
}
