import { crc32c, crc32cOfView, maskCrc } from '../../base/crc32c.ts';

/** Length and its checksum before the payload, and the payload's checksum behind it. */
export const headerBytes = 12;
export const frameBytes = 16;

/**
 * What stands at a position of the buffer.
 * `record`: a whole record with right checksums. `cut`: it goes on behind the buffer. `badLength`: no header of a record.
 * `badPayload`: a whole record whose payload does not fit its checksum; the header is sound, so the next record is known.
 */
export type Frame = 'record' | 'cut' | 'badLength' | 'badPayload';

/**
 * Walks the records of a TFRecord file that lie in a buffer: u64 length, u32 masked CRC-32C of the length, payload, u32 masked CRC-32C of the
 * payload, all little-endian (tensorflow/core/lib/io/record_writer.h). A length is believed only when its checksum is right.
 */
export class FrameWalker {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #end: number;
  /** Where the current record begins. */
  position = 0;
  /** After `record` and `badPayload`: the payload's place. After `cut` with a sound header: how long the payload will be. */
  payloadStart = 0;
  payloadLength = 0;

  constructor(bytes: Uint8Array, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = end;
  }

  /** Looks at the record at `position`, without going on. After `cut`, `payloadLength` is -1 where not even the header is whole. */
  look(): Frame {
    const { position, view } = this;
    this.payloadStart = position + headerBytes;
    this.payloadLength = -1;
    if (this.payloadStart > this.#end) return 'cut';
    if (!this.#headerIsSound(position)) return 'badLength';
    const low = view.getInt32(position, true);
    // Lengths of this size stay integers, which keeps the positions of all records integers.
    const isShort = low >= 0 && view.getInt32(position + 4, true) === 0;
    const length = isShort ? low : Number(view.getBigUint64(position, true));
    this.payloadLength = length;
    const payloadEnd = this.payloadStart + length;
    if (payloadEnd + 4 > this.#end) return 'cut';
    const crc = maskCrc(crc32cOfView(view, this.payloadStart, payloadEnd));
    return crc === view.getUint32(payloadEnd, true) ? 'record' : 'badPayload';
  }

  /** Goes on behind the record that `look` saw. */
  advance(): void {
    this.position = this.payloadStart + this.payloadLength + 4;
  }

  /**
   * The first position from `from` on that holds a sound header, or -1. Lengths of 4 GiB and more are not believed here:
   * no writer makes them, and the test for it is what keeps the search cheap.
   */
  findHeader(from: number): number {
    const { view } = this;
    for (let at = from; at + headerBytes <= this.#end; at++) {
      if (view.getUint32(at + 4, true) === 0 && this.#headerIsSound(at)) return at;
    }
    return -1;
  }

  #headerIsSound(at: number): boolean {
    const { view } = this;
    const low = view.getUint32(at, true);
    const stored = view.getUint32(at + 8, true);
    if (low < knownLengths.length && view.getUint32(at + 4, true) === 0) return lengthChecksum(low) === stored;
    return maskCrc(crc32cOfView(view, at, at + 8)) === stored;
  }
}

/** Records of a log are of few lengths, so the checksum of a short length is computed once. 0 means not yet: no length below 4096 has that checksum. */
const knownLengths = new Uint32Array(4096);
const lengthField = new Uint8Array(8);

function lengthChecksum(length: number): number {
  const known = knownLengths[length]!;
  if (known !== 0) return known;
  lengthField[0] = length & 255;
  lengthField[1] = length >>> 8;
  const checksum = maskCrc(crc32c(lengthField, 0, 8));
  knownLengths[length] = checksum;
  return checksum;
}
