import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { formatValue } from '../shared/format.ts';
import { ChartData, type DataRequest, type DataState, type TileQuery } from './chartData.ts';
import { type ChartSettings, ChartView } from './chartView.ts';
import { nextX } from './cursor.ts';
import type { DrawScheduler } from './drawScheduler.ts';
import { addGestures, type GestureTarget, panWindow, resetZoom, zoomBy } from './gestures.ts';
import { drawnValue } from './legendRows.ts';
import { Overlay } from './overlay.ts';
import type { SharedView } from './sharedView.ts';
import { formatX, Tooltip } from './tooltip.ts';

/** What all charts of a panel share. */
export interface PaneContext {
  readonly shared: SharedView;
  readonly scheduler: DrawScheduler;
  readonly query: TileQuery;
  /** Says a sentence to a screen reader. */
  announce(text: string): void;
}

export interface PaneState {
  readonly data: DataState;
  readonly shown: number;
  readonly total: number;
  readonly nonFinite: number;
}

export type PaneRequest = Omit<DataRequest, 'pixels'> & Omit<ChartSettings, 'axis' | 'logX'>;

/** Runs that are read out at the cursor. */
const MOST_SPOKEN = 5;
const COUNT_DELAY_MS = 120;

/** A chart with its data, gestures, keyboard, cursor and legend, inside an element that it fills. */
export class ChartPane implements Disposable {
  readonly view: ChartView;
  readonly data: ChartData;
  readonly #owner = new Disposables();
  readonly #element: HTMLElement;
  readonly #context: PaneContext;
  readonly #overlay: Overlay;
  readonly #tooltip: Tooltip;
  readonly #changed: (state: PaneState) => void;
  #request: PaneRequest;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasFocusCursor = false;

  constructor(element: HTMLElement, context: PaneContext, request: PaneRequest, changed: (state: PaneState) => void) {
    this.#element = element;
    this.#context = context;
    this.#request = request;
    this.#changed = changed;
    const canvas = addChild(element, 'canvas', 'lines');
    const overlayCanvas = addChild(element, 'canvas', 'overlay');
    const { shared, scheduler } = context;
    this.data = this.#owner.add(new ChartData(context.query, () => this.#onData()));
    const parts = { shared, scheduler, data: this.data, drawn: () => this.#onDrawn() };
    this.view = this.#owner.add(new ChartView(canvas, parts, chartSettings(request)));
    this.#overlay = this.#owner.add(new Overlay(overlayCanvas, this.view, shared));
    this.#tooltip = new Tooltip(addChild(element, 'div', 'legend'), this.view);
    this.#listen();
    this.#resize();
    this.data.configure(this.#dataRequest());
    this.data.setWindow(shared.window, false);
  }

  configure(request: PaneRequest): void {
    this.#request = request;
    this.view.configure(chartSettings(request));
    this.data.configure(this.#dataRequest());
    this.#overlay.draw();
  }

  /** The chart as it stands, with a background, for saving. */
  picture(): HTMLCanvasElement {
    return this.view.canvas;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#context.shared.setExtent(this, undefined);
    this.#owner.dispose();
    this.#element.replaceChildren();
  }

  #listen(): void {
    const { shared, scheduler } = this.#context;
    const target: GestureTarget = {
      ...{ element: this.#element, chart: this.view, shared, scheduler },
      showBox: (box) => this.#overlay.showBox(box),
    };
    this.#owner.add(addGestures(target));
    this.#owner.add(shared.onWindow(({ moving }) => this.#onWindow(moving)));
    this.#owner.add(shared.onCursor(() => this.#onCursor()));
    const onKey = (event: KeyboardEvent) => this.#onKey(event);
    const onBlur = () => {
      if (this.#hasFocusCursor) shared.setCursor(undefined);
      this.#hasFocusCursor = false;
    };
    this.#element.addEventListener('keydown', onKey);
    this.#element.addEventListener('blur', onBlur);
    this.#owner.onDispose(() => {
      this.#element.removeEventListener('keydown', onKey);
      this.#element.removeEventListener('blur', onBlur);
    });
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(this.#element);
    this.#owner.onDispose(() => observer.disconnect());
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#element;
    if (clientWidth < 2 || clientHeight < 2) return;
    this.view.resize(clientWidth, clientHeight);
    this.data.configure(this.#dataRequest());
    this.#overlay.draw();
  }

  #dataRequest(): DataRequest {
    const { left, right } = this.view.rect;
    const { tag, runIds, axis, logX, smoothing } = this.#request;
    return { tag, runIds, axis, logX, smoothing, pixels: Math.max(0, Math.round((right - left) * devicePixelRatio)) };
  }

  #onData(): void {
    const { shared } = this.#context;
    shared.setExtent(this, this.data.extent);
    this.view.invalidate();
    this.#overlay.draw();
    this.#countSoon();
  }

  #onWindow(moving: boolean): void {
    this.data.setWindow(this.#context.shared.window, moving);
    this.view.invalidate();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onRest(), COUNT_DELAY_MS);
  }

  #onRest(): void {
    this.data.setWindow(this.#context.shared.window, false);
    this.#count();
  }

  #onCursor(): void {
    this.#overlay.draw();
    this.#tooltip.update(this.#context.shared.cursor);
  }

  /** After a drawing the axes may have moved, and the cursor's line with them. */
  #onDrawn(): void {
    if (this.#context.shared.cursor !== undefined || this.#context.shared.highlighted !== undefined)
      this.#overlay.draw();
  }

  #countSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onRest(), COUNT_DELAY_MS);
    if (this.data.state.kind !== 'ready') this.#count();
  }

  #count(): void {
    this.#changed({ data: this.data.state, ...this.view.counts() });
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handle = this.#keys()[event.key];
    if (handle === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    handle(event);
  }

  #keys(): Readonly<Record<string, (event: KeyboardEvent) => void>> {
    const { shared, scheduler } = this.#context;
    const target = { chart: this.view, shared, scheduler };
    const middle = () => this.#cursorX() ?? (this.view.window.min + this.view.window.max) / 2;
    return {
      ArrowLeft: (event) => (event.shiftKey ? panWindow(target, -0.2) : this.#moveCursor(-1)),
      ArrowRight: (event) => (event.shiftKey ? panWindow(target, 0.2) : this.#moveCursor(1)),
      PageUp: () => this.#jumpCursor(-0.1),
      PageDown: () => this.#jumpCursor(0.1),
      Home: () => this.#setCursor(this.view.window.min),
      End: () => this.#setCursor(this.view.window.max),
      '+': () => zoomBy(target, 1 / 1.5, middle()),
      '=': () => zoomBy(target, 1 / 1.5, middle()),
      '-': () => zoomBy(target, 1.5, middle()),
      '0': () => resetZoom(target),
    };
  }

  #cursorX(): number | undefined {
    return this.#context.shared.cursor?.x;
  }

  /** To the next logged x of any run, but at least one pixel on: otherwise ten million points would take as many presses. */
  #moveCursor(direction: 1 | -1): void {
    const { min, max } = this.view.window;
    const from = this.#cursorX() ?? (direction === 1 ? min : max);
    const pixel = (max - min) / Math.max(1, this.view.rect.right - this.view.rect.left);
    const inside = from + direction * pixel * (this.#cursorX() === undefined ? -1 : 1) * (1 - 1e-9);
    let next: number | undefined;
    const held = this.data.cache.best(this.#context.shared.window);
    for (const { runId } of held === undefined ? [] : this.#request.lines) {
      const line = this.data.cache.line(held!, runId);
      const x = line && nextX(line.tile, line.series, inside, direction);
      if (x !== undefined && (next === undefined || (x - next) * direction < 0)) next = x;
    }
    if (next !== undefined) this.#setCursor(Math.max(min, Math.min(max, next)));
  }

  #jumpCursor(share: number): void {
    const { min, max } = this.view.window;
    const from = this.#cursorX() ?? min;
    this.#setCursor(Math.max(min, Math.min(max, from + share * (max - min))));
  }

  #setCursor(x: number): void {
    this.#hasFocusCursor = true;
    this.#context.shared.setCursor({ x, owner: this.view, pixelY: undefined });
    const readings = this.view.readingsAt(x);
    const words = readings
      .slice(0, MOST_SPOKEN)
      .map(({ line, reading }) => `${line.label} ${formatValue(drawnValue(reading))}`);
    const rest = readings.length > MOST_SPOKEN ? [`and ${readings.length - MOST_SPOKEN} more runs`] : [];
    this.#context.announce([formatX(this.view, x), ...words, ...rest].join(', '));
  }
}

function chartSettings(request: PaneRequest): ChartSettings {
  const { axis, logX, logY, lines, theme, columnBudget } = request;
  return { axis, logX, logY, lines, theme, columnBudget };
}

function addChild<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const child = document.createElement(tag);
  child.className = className;
  child.setAttribute('aria-hidden', 'true');
  parent.append(child);
  return child;
}
