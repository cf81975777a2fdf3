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
  // Nobody listens for messages that take long, and where a connection was cut in one, the reader's timer would begin anew for ever and keep the program alive.
  reader.partialMessageTimeout = 0;
  const writer = new SocketMessageWriter(socket, socketConnectionOptions.writer);
  reader.onError(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  return createMessageConnection(reader, writer);
}
