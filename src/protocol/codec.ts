import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';

/**
 * MessagePack for the link between clients and the worker: binary stays binary, and typed arrays keep their type through two extension types.
 * Float64Array is 1 and Float32Array is 2; their bytes are little-endian, as on every machine that VS Code runs on. 3 is a value that was encoded
 * before (see `EncodedList`).
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
const extensions = new ExtensionCodec();

extensions.register({
  type: 1,
  encode: (value) => (value instanceof Float64Array ? bytesOf(value) : null),
  decode: (bytes) => new Float64Array(copyOf(bytes)),
});
extensions.register({
  type: 2,
  encode: (value) => (value instanceof Float32Array ? bytesOf(value) : null),
  decode: (bytes) => new Float32Array(copyOf(bytes)),
});

extensions.register({
  type: 3,
  encode: (value) => (value instanceof EncodedList ? value.bytes() : null),
  decode: decodeMessage,
});

/**
 * A list in a message whose items were encoded before, each by `encodeMessage`; it arrives as a plain array. Thousands of items that seldom change
 * are sent at the cost of a copy.
 */
export class EncodedList {
  readonly #items: readonly Uint8Array[];

  constructor(items: readonly Uint8Array[]) {
    this.#items = items;
  }

  /** The list as MessagePack: an array 32, whose head is 0xdd and the number of items, big-endian. */
  bytes(): Uint8Array {
    const head = 5;
    const bytes = new Uint8Array(this.#items.reduce((sum, { byteLength }) => sum + byteLength, head));
    bytes[0] = 0xdd;
    new DataView(bytes.buffer).setUint32(1, this.#items.length);
    let at = head;
    for (const item of this.#items) {
      bytes.set(item, at);
      at += item.byteLength;
    }
    return bytes;
  }
}

/** The bytes of a message. */
export function encodeMessage(message: unknown): Uint8Array {
  return encode(message, { extensionCodec: extensions, ignoreUndefined: true });
}

/**
 * The message of its bytes. Throws where they are no MessagePack. A Uint8Array in it is a view of the message's memory: `slice()` it before it
 * travels on by a way that sends the whole buffer, as a webview's `postMessage` does.
 */
export function decodeMessage(bytes: Uint8Array): unknown {
  // A plain view, so that binary comes out as Uint8Array also where a Node Buffer came in.
  return decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), { extensionCodec: extensions });
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * A copy that starts at an aligned address, which typed arrays need. The constructor copies for every kind of view; `slice` would not,
 * since that of a Node Buffer shares its memory with the whole message.
 */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
