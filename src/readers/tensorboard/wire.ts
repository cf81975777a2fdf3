/** Bytes [start, end) of a buffer. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The bytes are no protocol buffer message. Caught where a record is read; it never leaves this folder. */
export class MalformedMessage extends Error {}

/** Wire types of https://protobuf.dev/programming-guides/encoding/. Groups (3, 4) occur in no message that is read here. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A view of the same bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Reads protocol buffer fields out of a buffer, never beyond the message's end. */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array, view: DataView, { start, end }: Range) {
    this.bytes = bytes;
    this.view = view;
    this.#at = start;
    this.#end = end;
  }

  /** A reader of a message inside this buffer. */
  inside(range: Range): WireReader {
    return new WireReader(this.bytes, this.view, range);
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  /** Field number × 8 + wire type. */
  key(): number {
    return this.varint();
  }

  /** An unsigned number; exact up to 2^53, and what is above is only ever a length that does not fit or a foreign enum. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.#at >= this.#end || scale > 2 ** 63)
        throw new MalformedMessage('A number runs over the end of its message.');
      const byte = this.bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** An int64 or int32 field: two's complement in 64 bits. */
  signedVarint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (this.#at >= this.#end || shift > 63n)
        throw new MalformedMessage('A number runs over the end of its message.');
      const byte = this.bytes[this.#at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  }

  double(): number {
    return this.view.getFloat64(this.#take(8), true);
  }

  float(): number {
    return this.view.getFloat32(this.#take(4), true);
  }

  /** Place of a length-delimited field's content. */
  range(): Range {
    const length = this.varint();
    const start = this.#take(length);
    return { start, end: start + length };
  }

  text(range: Range): string {
    return new TextDecoder().decode(this.bytes.subarray(range.start, range.end));
  }

  skip(key: number): void {
    const type = key & 7;
    if (type === wireTypes.varint) this.varint();
    else if (type === wireTypes.fixed64) this.#take(8);
    else if (type === wireTypes.bytes) this.range();
    else if (type === wireTypes.fixed32) this.#take(4);
    else throw new MalformedMessage(`Wire type ${type} is not used in event files.`);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw new MalformedMessage('A field is longer than its message.');
    this.#at += length;
    return start;
  }
}
