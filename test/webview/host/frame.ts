// Runs in the panel's frame before the panel: gives it `acquireVsCodeApi`, as VS Code's own preload script does.
let port: MessagePort | undefined;
const early: unknown[] = [];

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.data !== 'panel-port' || event.ports[0] === undefined) return;
  port = event.ports[0];
  port.onmessage = ({ data }) => window.dispatchEvent(new MessageEvent('message', { data }));
  for (const message of early.splice(0)) port.postMessage(message);
});
window.parent.postMessage('panel-ready', '*');

let isAcquired = false;
Object.assign(window, {
  acquireVsCodeApi: () => {
    if (isAcquired) throw new Error('An instance of the VS Code API has already been acquired');
    isAcquired = true;
    return {
      postMessage: (message: unknown) => (port === undefined ? early.push(message) : port.postMessage(message)),
      getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
      setState: (state: unknown) => sessionStorage.setItem('state', JSON.stringify(state)),
    };
  },
});
