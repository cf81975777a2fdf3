import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
} from 'vscode-jsonrpc';
import { decodeMessage, encodeMessage } from './codec.ts';

/** Anything that carries whole messages: a webview on either side, a MessagePort, a worker thread. */
export interface Port {
  post(message: unknown): void;
  /** Registers the only listener. */
  onMessage(listener: (message: unknown) => void): { dispose(): void };
  /** Registers a listener for the end of the other side. */
  onClose(listener: () => void): { dispose(): void };
}

/**
 * Reads JSON-RPC messages from a port. A message travels as the bytes of its MessagePack form: VS Code turns what a webview posts into JSON,
 * which would make NaN and the infinities null, but it hands bytes over as they are. A message that arrives as an object is taken as it stands.
 */
export class PortReader extends AbstractMessageReader {
  readonly #port: Port;

  constructor(port: Port) {
    super();
    this.#port = port;
    port.onClose(() => this.fireClose());
  }

  override listen(callback: DataCallback): Disposable {
    return this.#port.onMessage((message) => callback(messageOf(message)));
  }
}

/** Writes JSON-RPC messages to a port, as bytes (see PortReader). */
export class PortWriter extends AbstractMessageWriter {
  readonly #port: Port;

  constructor(port: Port) {
    super();
    this.#port = port;
  }

  async write(message: Message): Promise<void> {
    try {
      this.#port.post(encodeMessage(message));
    } catch (error) {
      this.fireError(error as Error, message, undefined);
      throw error;
    }
  }

  end(): void {}
}

function messageOf(received: unknown): Message {
  if (received instanceof Uint8Array) return decodeMessage(received) as Message;
  if (received instanceof ArrayBuffer) return decodeMessage(new Uint8Array(received)) as Message;
  return received as Message;
}

/** Whether something that came through a shared channel (the window of a webview) can be a message for a PortReader. */
export function isPortMessage(received: unknown): boolean {
  if (received instanceof Uint8Array || received instanceof ArrayBuffer) return true;
  return typeof received === 'object' && received !== null && (received as { jsonrpc?: unknown }).jsonrpc === '2.0';
}
