import { createMessageConnection } from 'vscode-jsonrpc/node';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import { type Port, PortReader, PortWriter } from '../../protocol/messagePort.ts';
import { type Handlers, type RpcNotifier, serve } from '../../protocol/rpc.ts';
import type { PanelEvents, PanelMethods } from '../../protocol/webview.ts';

/** The host's end of a panel's connection. Disposing it ends the connection. */
export interface PanelServer extends Disposable {
  readonly notifier: RpcNotifier<PanelEvents>;
}

/** Answers a panel's questions from now on. In a file of its own, which the first panel loads. */
export function servePanel(port: Port, handlers: Handlers<PanelMethods>): PanelServer {
  const owned = new Disposables();
  const connection = owned.add(createMessageConnection(new PortReader(port), new PortWriter(port)));
  const notifier = serve<PanelMethods, PanelEvents>(connection, handlers);
  connection.listen();
  return { notifier, dispose: () => owned.dispose() };
}
