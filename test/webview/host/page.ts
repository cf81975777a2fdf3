// The outer page of a test: it starts the extension's side in a web worker and shows the panel in a frame, as VS Code does.
import type { Command, Scenario } from './scenario.ts';

declare global {
  interface Window {
    /** Opens the panel with a scenario; resolves when its frame has loaded. */
    openPanel(workerSource: string, scenario: Scenario): Promise<void>;
    /** Tells the extension's side what to do. */
    command(command: Command): Promise<unknown>;
  }
}

let worker: Worker | undefined;
let nextId = 1;
const waiting = new Map<number, (result: unknown) => void>();

window.openPanel = async (workerSource, scenario) => {
  worker = new Worker(URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' })));
  worker.onmessage = ({ data }: MessageEvent<{ id: number; result: unknown }>) => {
    waiting.get(data.id)?.(data.result);
    waiting.delete(data.id);
  };
  let isOpen = false;
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.data !== 'panel-ready' || event.source === window) return;
    const { port1, port2 } = new MessageChannel();
    worker?.postMessage(isOpen ? { connect: port1 } : { open: scenario, port: port1 }, [port1]);
    isOpen = true;
    (event.source as Window).postMessage('panel-port', '*', [port2]);
  });
  const frame = document.createElement('iframe');
  frame.name = 'panel';
  frame.src = `https://panel.test/${scenario.panel}.html`;
  const loaded = new Promise<void>((resolve) => frame.addEventListener('load', () => resolve()));
  document.body.append(frame);
  await loaded;
};

window.command = (command) =>
  new Promise((resolve) => {
    const id = nextId++;
    waiting.set(id, resolve);
    worker?.postMessage({ command, id });
  });
