import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { RpcNotifier } from '../../protocol/rpc.ts';
import type { PanelEvents, PanelInit } from '../../protocol/webview.ts';
import type { RunsFeed } from '../runs/feed.ts';
import { setting } from '../settings.ts';
import type { LazyLink } from '../worker/lazyLink.ts';
import { panelHtml } from './html.ts';
import { panelHandlers } from './panelHandlers.ts';
import { WebviewPort } from './webviewPort.ts';

export type PanelKind = PanelInit['panel'];

export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  readonly memento: vscode.Memento;
}

interface StoredPanel {
  readonly runIds: readonly RunId[];
  readonly state: Json;
}

/** Points that a panel may draw in one frame while something moves; beyond it draws coarser until it rests. Measured in the charts' notes. */
const MAX_POINTS_PER_FRAME = 200_000;

/** The host's side of one panel: serves its page and tells it what changes. */
export class Panel extends Disposables {
  readonly kind: PanelKind;
  readonly #services: PanelServices;
  readonly #panel: vscode.WebviewPanel;
  readonly #session = this.add(new Disposables());
  #notifier: RpcNotifier<PanelEvents> | undefined;
  #runIds: readonly RunId[];
  #state: Json;
  #pageCount = 0;
  #known: ReadonlySet<RunId> = new Set();

  constructor(
    services: PanelServices,
    kind: PanelKind,
    panel: vscode.WebviewPanel,
    runIds: readonly RunId[] | undefined,
    state: unknown,
  ) {
    super();
    this.kind = kind;
    this.#services = services;
    this.#panel = panel;
    const stored = services.memento.get<StoredPanel>(this.#key);
    this.#runIds = runIds ?? stored?.runIds ?? [];
    this.#state = stored?.state ?? asJson(state);
    void this.#keep();
    void this.#serve();
  }

  /** Runs that the person asked to see. */
  get runIds(): readonly RunId[] {
    return this.#runIds;
  }

  /** How many pages have asked what they are to show: one more each time the panel is shown again. */
  get pageCount(): number {
    return this.#pageCount;
  }

  /** Other runs for the same panel. */
  select(runIds: readonly RunId[]): void {
    this.#runIds = runIds;
    void this.#keep();
    this.#tell('selection.changed', { runIds });
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  get #key(): string {
    return `trainyard.panel.${this.kind}`;
  }

  async #keep(): Promise<void> {
    await this.#services.memento.update(this.#key, { runIds: this.#runIds, state: this.#state } satisfies StoredPanel);
  }

  /** Connects first and loads the page then, so that the page's first question finds somebody. */
  async #serve(): Promise<void> {
    const { servePanel } = await import('./serving.ts');
    if (this.isDisposed) return;
    const port = this.#session.add(new WebviewPort(this.#panel.webview));
    const handlers = panelHandlers({
      ...this.#services,
      init: () => this.#init(),
      saveState: (state) => {
        this.#state = state;
        void this.#keep();
      },
    });
    const server = this.#session.add(servePanel(port, handlers));
    this.#notifier = server.notifier;
    this.#forwardEvents();
    this.#panel.webview.html = this.#html();
  }

  async #init(): Promise<PanelInit> {
    const { feed } = this.#services;
    await feed.load();
    this.#known = new Set(feed.runs.keys());
    this.#pageCount += 1;
    return {
      panel: this.kind,
      runIds: this.#runIds,
      runs: [...feed.runs.values()],
      state: this.#state,
      settings: { smoothing: setting('metrics.smoothing'), maxPointsPerFrame: MAX_POINTS_PER_FRAME },
    };
  }

  #forwardEvents(): void {
    const { worker, feed } = this.#services;
    const tracked = (runId: RunId): boolean => feed.runs.has(runId);
    this.#session.add(
      worker.on('series.appended', (event) => {
        if (tracked(event.runId)) this.#tell('series.appended', event);
      }),
    );
    this.#session.add(
      worker.on('series.reset', (event) => {
        if (tracked(event.runId)) this.#tell('series.reset', event);
      }),
    );
    this.#session.add(
      feed.onChange((change) => {
        if (change.kind === 'some') this.#tell('runs.changed', { runs: change.changed, removed: change.removed });
        else {
          const removed = [...this.#known].filter((runId) => !feed.runs.has(runId));
          this.#tell('runs.changed', { runs: change.runs, removed });
        }
        this.#known = new Set(feed.runs.keys());
      }),
    );
    this.#session.add(
      worker.onState(({ kind, message }) => this.#tell('worker.state', { connected: kind === 'connected', message })),
    );
  }

  /** A hidden panel has no page that could hear; it asks for everything when it is shown again. */
  #tell<K extends keyof PanelEvents & string>(event: K, value: PanelEvents[K]): void {
    if (this.#panel.visible) this.#notifier?.notify(event, value);
  }

  #html(): string {
    const { webview } = this.#panel;
    const file = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.#services.extensionUri, 'dist', 'webview', name)).toString();
    return panelHtml({
      title: this.#panel.title,
      nonce: crypto.randomUUID(),
      cspSource: webview.cspSource,
      script: file(`${this.kind}.js`),
      style: file(`${this.kind}.css`),
    });
  }
}

/** What a webview kept by itself, where it is a plain tree. */
function asJson(state: unknown): Json {
  return state === undefined ? null : (state as Json);
}
