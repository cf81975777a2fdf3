// Runs the extension's side of a test page away from the panel's thread, as in VS Code.
import { ExtensionSide } from './extensionSide.ts';
import type { Command, Scenario } from './scenario.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent<FromPage>) => void) | null;
  postMessage(message: unknown): void;
}
type FromPage =
  | { readonly open: Scenario; readonly port: MessagePort }
  | { readonly connect: MessagePort }
  | { readonly command: Command; readonly id: number };

const scope = globalThis as unknown as WorkerScope;
let side: ExtensionSide | undefined;
/** The panel may be reloaded: its new document comes with a new port, the extension's side stays. */
let port: MessagePort | undefined;
let listener: (message: unknown) => void = () => {};

scope.onmessage = ({ data }) => {
  if ('open' in data) {
    listenOn(data.port);
    side = new ExtensionSide(data.open, {
      post: (message) => port?.postMessage(message),
      onMessage: (listen) => {
        listener = listen;
        return { dispose: () => {} };
      },
      onClose: () => ({ dispose: () => {} }),
    });
  } else if ('connect' in data) listenOn(data.connect);
  else scope.postMessage({ id: data.id, result: side?.command(data.command) ?? null });
};

function listenOn(next: MessagePort): void {
  port = next;
  next.onmessage = ({ data }) => listener(data);
}
