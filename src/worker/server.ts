import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc';
import { Disposables } from '../base/disposables.ts';
import { checkSocketFolder, ensurePrivateFolder } from '../client/privateFolder.ts';
import { socketConnection } from '../client/socketConnection.ts';

/** The worker's door: a socket that only this user can open. Whoever holds the lock may remove a socket file that a dead worker left. */
export class SocketServer extends Disposables {
  readonly #path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(socketPath: string, onConnection: (connection: MessageConnection) => void) {
    super();
    this.#path = socketPath;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      onConnection(socketConnection(socket));
    });
    this.onDispose(() => this.#close());
  }

  async listen(): Promise<void> {
    const isPipe = process.platform === 'win32';
    if (!isPipe) {
      if (path.dirname(this.#path) !== process.env['XDG_RUNTIME_DIR']) ensurePrivateFolder(path.dirname(this.#path));
      checkSocketFolder(this.#path);
      rmSync(this.#path, { force: true });
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, resolve);
    });
    if (!isPipe) chmodSync(this.#path, 0o600);
  }

  #close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (process.platform !== 'win32') rmSync(this.#path, { force: true });
  }
}
