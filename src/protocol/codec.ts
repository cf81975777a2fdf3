import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';

/**
 * MessagePack for the link between clients and the worker: binary stays binary, and typed arrays keep their type through two extension types.
 * Float64Array is 1 and Float32Array is 2; their bytes are little-endian, as on every machine that VS Code runs on.
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
