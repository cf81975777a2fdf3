import type { Socket } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageWriter,
  StreamMessageReader,
} from 'vscode-jsonrpc/node';
import { socketConnectionOptions } from '../protocol/socketOptions.ts';

/**
 * The message connection over a socket between a client and the worker, for both sides. A message that cannot be decoded ends the socket:
 * its answer would never come, and a closed connection is an error that callers see. Call `listen()` afterwards.
 */
export function socketConnection(socket: Socket): MessageConnection {
  const reader = new StreamMessageReader(socket, socketConnectionOptions.reader);
  const writer = new SocketMessageWriter(socket, socketConnectionOptions.writer);
  reader.onError(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  return createMessageConnection(reader, writer);
}
