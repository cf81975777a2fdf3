import { type OpenFile, readFully } from '../files/disk.ts';
import { givePiece, takePiece } from '../files/spareMemory.ts';

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
  readonly #handle: Pick<OpenFile, 'read'>;
  readonly #size: number;
  readonly #blockBytes: number;
  readonly #pieceBytes: number;
  #buffers: readonly [ArrayBuffer, ArrayBuffer | undefined] | undefined;
  #ahead: Loading | undefined;

  /** `pieceBytes` is at least two blocks. */
  constructor(handle: Pick<OpenFile, 'read'>, size: number, blockBytes: number, pieceBytes: number) {
    this.#handle = handle;
    this.#size = size;
    this.#blockBytes = blockBytes;
    this.#pieceBytes = pieceBytes;
  }

  /** The piece at an offset. What lies at `until` and behind it is not read ahead. */
  async get(from: number, until: number): Promise<Piece> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const early = await ahead?.piece;
    this.#buffers ??= [takePiece(this.#pieceBytes), undefined];
    const [current] = this.#buffers;
    const piece = early !== undefined && ahead?.from === from ? early : await this.#load(from, current);
    const next = from + piece.length;
    if (next < Math.min(this.#size, until)) {
      const other = this.#buffers[1] ?? takePiece(this.#pieceBytes);
      this.#buffers = [current, other];
      const loading = this.#load(next, piece.bytes.buffer === current ? other : current);
      // Who asks for it gets the error.
      loading.catch(() => {});
      this.#ahead = { from: next, piece: loading };
    }
    return piece;
  }

  /** Waits for what is still being read: the file may be closed then, and nobody looks at a piece any more. */
  async end(): Promise<void> {
    await this.#ahead?.piece.catch(() => {});
    this.#ahead = undefined;
    for (const buffer of this.#buffers ?? []) if (buffer !== undefined) givePiece(buffer);
    this.#buffers = undefined;
  }

  async #load(from: number, buffer: ArrayBuffer): Promise<Piece> {
    const bytes = new Uint8Array(buffer);
    const wanted = Math.min(this.#pieceBytes - (from % this.#blockBytes), this.#size - from);
    const length = await readFully(this.#handle, bytes.subarray(0, wanted), from);
    return { bytes, view: new DataView(buffer), length };
  }
}
