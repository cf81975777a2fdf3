import type { FileHandle } from 'node:fs/promises';

/** Bytes of a file from an offset on; they stay as they are until the next piece is asked for. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** How many bytes were there. */
  readonly length: number;
}

interface Loading {
  readonly from: number;
  readonly piece: Promise<Piece>;
}

/**
 * Reads a file in pieces that end where a block ends, so that whoever takes all chunks of one goes on exactly behind it. That place is read while the
 * piece before is being worked on.
 */
export class ReadAhead {
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #blockBytes: number;
  readonly #pieceBytes: number;
  #buffers: readonly [current: ArrayBuffer, other: ArrayBuffer | undefined];
  #ahead: Loading | undefined;

  /** `pieceBytes` is at least two blocks. */
  constructor(handle: FileHandle, size: number, blockBytes: number, pieceBytes: number) {
    this.#handle = handle;
    this.#size = size;
    this.#blockBytes = blockBytes;
    this.#pieceBytes = pieceBytes;
    this.#buffers = [new ArrayBuffer(pieceBytes), undefined];
  }

  /** The piece at an offset. What lies at `until` and behind it is not read ahead. */
  async get(from: number, until: number): Promise<Piece> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const early = await ahead?.piece;
    const piece = early !== undefined && ahead?.from === from ? early : await this.#load(from, this.#buffers[0]);
    const next = from + piece.length;
    if (next < Math.min(this.#size, until)) {
      const [current, other = new ArrayBuffer(this.#pieceBytes)] = this.#buffers;
      const spare = piece.bytes.buffer === current ? other : current;
      this.#buffers = [piece.bytes.buffer as ArrayBuffer, spare];
      const loading = this.#load(next, spare);
      // Who asks for it gets the error.
      loading.catch(() => {});
      this.#ahead = { from: next, piece: loading };
    }
    return piece;
  }

  /** Waits for what is still being read: the file may be closed then. */
  async end(): Promise<void> {
    await this.#ahead?.piece.catch(() => {});
  }

  async #load(from: number, buffer: ArrayBuffer): Promise<Piece> {
    const bytes = new Uint8Array(buffer);
    const wanted = Math.min(this.#pieceBytes - (from % this.#blockBytes), this.#size - from);
    let length = 0;
    while (length < wanted) {
      const { bytesRead } = await this.#handle.read(bytes, length, wanted - length, from + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return { bytes, view: new DataView(buffer), length };
  }
}
