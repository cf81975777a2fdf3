import { createMessageConnection } from 'vscode-jsonrpc/browser';
import type { Json } from '../../src/domain/json.ts';
import { isPortMessage, type Port, PortReader, PortWriter } from '../../src/protocol/messagePort.ts';
import { connectClient, type RpcClient } from '../../src/protocol/rpc.ts';
import type { PanelEvents, PanelMethods } from '../../src/protocol/webview.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** The panel's line to the extension, and the place where its view state is kept. */
export interface HostLink {
  readonly client: RpcClient<PanelMethods, PanelEvents>;
  /** What `saveState` kept in this webview; undefined in a new one. */
  savedState(): unknown;
  /** Keeps the state with the webview at once and with the extension a little later, so that both hiding and reloading keep it. */
  saveState(state: Json): void;
}

const SAVE_DELAY_MS = 400;

/** Connects to the extension. To be called once: VS Code gives its API only once. */
export function connectHost(): HostLink {
  const api = acquireVsCodeApi();
  const port = windowPort(api);
  const connection = createMessageConnection(new PortReader(port), new PortWriter(port));
  const client = connectClient<PanelMethods, PanelEvents>(connection);
  connection.listen();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    client,
    savedState: () => api.getState(),
    saveState: (state) => {
      api.setState(state);
      clearTimeout(timer);
      // The extension may be gone; the webview's own copy is enough then.
      timer = setTimeout(() => void client.call('panel.saveState', { state }).catch(() => {}), SAVE_DELAY_MS);
    },
  };
}

/** Messages of the extension arrive as events of the window. Others (from browser extensions, for instance) are no JSON-RPC and pass by. */
function windowPort(api: VsCodeApi): Port {
  return {
    post: (message) => api.postMessage(message),
    onMessage: (listener) => {
      const handle = (event: MessageEvent<unknown>) => {
        if (isPortMessage(event.data)) listener(event.data);
      };
      window.addEventListener('message', handle);
      return { dispose: () => window.removeEventListener('message', handle) };
    },
    // A webview never outlives its extension's end of the line: VS Code closes it first.
    onClose: () => ({ dispose: () => {} }),
  };
}
