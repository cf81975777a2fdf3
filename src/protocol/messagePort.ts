import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
} from 'vscode-jsonrpc';

/** Anything that carries whole messages: a webview on either side, a MessagePort, a worker thread. */
export interface Port {
  post(message: unknown): void;
  /** Registers the only listener. */
  onMessage(listener: (message: unknown) => void): { dispose(): void };
  /** Registers a listener for the end of the other side. */
  onClose(listener: () => void): { dispose(): void };
}

/** Reads JSON-RPC messages from a port. Typed arrays in them arrive as typed arrays, where the port copies structures. */
export class PortReader extends AbstractMessageReader {
  readonly #port: Port;

  constructor(port: Port) {
    super();
    this.#port = port;
    port.onClose(() => this.fireClose());
  }

  override listen(callback: DataCallback): Disposable {
    return this.#port.onMessage((message) => callback(message as Message));
  }
}

/** Writes JSON-RPC messages to a port. */
export class PortWriter extends AbstractMessageWriter {
  readonly #port: Port;

  constructor(port: Port) {
    super();
    this.#port = port;
  }

  async write(message: Message): Promise<void> {
    try {
      this.#port.post(message);
    } catch (error) {
      this.fireError(error as Error, message, undefined);
      throw error;
    }
  }

  end(): void {}
}
