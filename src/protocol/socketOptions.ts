import type { MessageReaderOptions, MessageWriterOptions } from 'vscode-jsonrpc';
import { decodeMessage, encodeMessage } from './codec.ts';

const contentType = 'application/x-msgpack';

/** Reader and writer options of a socket between a client and the worker: MessagePack instead of JSON text. */
export const socketConnectionOptions: { readonly reader: MessageReaderOptions; readonly writer: MessageWriterOptions } =
  {
    reader: {
      contentTypeDecoder: { name: contentType, decode: async (bytes) => decodeMessage(bytes) as never },
    },
    writer: {
      contentTypeEncoder: { name: contentType, encode: async (message) => encodeMessage(message) },
    },
  };
