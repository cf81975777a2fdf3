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

/** The message of its bytes. Throws where they are no MessagePack. */
export function decodeMessage(bytes: Uint8Array): unknown {
  return decode(bytes, { extensionCodec: extensions });
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A copy that starts at an aligned address, which typed arrays need. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
