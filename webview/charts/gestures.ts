import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import type { ChartView } from './chartView.ts';
import type { DrawScheduler } from './drawScheduler.ts';
import { valueAt } from './plot.ts';
import { panBy, type Range, type RangeLimits, withinLimits, zoomAt } from './range.ts';
import type { SharedView } from './sharedView.ts';

/** A rectangle that is being dragged, in CSS pixels of the chart. */
export interface DragBox {
  readonly x0: number;
  readonly x1: number;
  /** Absent when only x is chosen. */
  readonly y?: { readonly y0: number; readonly y1: number };
}

/** What gestures need from the chart that they belong to. */
export interface GestureTarget {
  readonly element: HTMLElement;
  readonly chart: ChartView;
  readonly shared: SharedView;
  readonly scheduler: DrawScheduler;
  /** Shows or hides the rectangle of a drag. */
  showBox(box: DragBox | undefined): void;
}

/** A drag shorter than this is a click. */
const CLICK_PIXELS = 4;
const WHEEL_ZOOM = 0.0018;

/**
 * Mouse and pen on a chart: move for the cursor, drag for a zoom on x, with Alt on x and y, with Shift or the middle button for panning;
 * wheel with Ctrl or Cmd zooms, a sideways wheel pans, a double click shows everything again.
 */
export function addGestures(target: GestureTarget): Disposable {
  const owner = new Disposables();
  const listen = <K extends keyof HTMLElementEventMap>(type: K, handle: (event: HTMLElementEventMap[K]) => void) => {
    target.element.addEventListener(type, handle, { passive: false });
    owner.onDispose(() => target.element.removeEventListener(type, handle));
  };
  const drag = new Drag(target);
  listen('pointerdown', (event) => drag.start(event));
  listen('pointermove', (event) => {
    if (!drag.move(event)) moveCursor(target, event);
  });
  listen('pointerup', (event) => drag.end(event));
  listen('pointercancel', () => drag.cancel());
  listen('pointerleave', () => target.shared.setCursor(undefined));
  listen('dblclick', () => resetZoom(target));
  listen('wheel', (event) => onWheel(target, event));
  return owner;
}

/** Shows all data of all charts, and of this chart all values. */
export function resetZoom(target: Pick<GestureTarget, 'chart' | 'shared'>): void {
  target.chart.yWindow = undefined;
  target.shared.setWindow(undefined, false);
}

/** Zooms all charts around an x; below 1 zooms in. */
export function zoomBy(
  target: Pick<GestureTarget, 'chart' | 'shared' | 'scheduler'>,
  factor: number,
  anchor: number,
): void {
  const limits = limitsOf(target);
  if (limits === undefined) return;
  target.scheduler.gesture();
  target.shared.setWindow(zoomAt(target.chart.window, factor, anchor, limits), true);
}

/** Moves all charts by a share of the window. Does nothing while everything is in sight. */
export function panWindow(target: Pick<GestureTarget, 'chart' | 'shared' | 'scheduler'>, share: number): void {
  const limits = limitsOf(target);
  if (limits === undefined || target.shared.window === undefined) return;
  target.scheduler.gesture();
  target.shared.setWindow(panBy(target.chart.window, share, limits), true);
}

function limitsOf(target: Pick<GestureTarget, 'chart' | 'shared'>): RangeLimits | undefined {
  const { limits } = target.shared;
  return limits && { ...limits, log: target.chart.settings.logX };
}

function moveCursor(target: GestureTarget, event: PointerEvent): void {
  const { left, right, top, bottom } = target.chart.rect;
  const { offsetX, offsetY } = inElement(target.element, event);
  const isInside = offsetX >= left && offsetX <= right && offsetY >= top && offsetY <= bottom;
  const x = valueAt(target.chart.xAxis, offsetX);
  target.shared.setCursor(isInside ? { x, owner: target.chart, pixelY: offsetY } : undefined);
}

function onWheel(target: GestureTarget, event: WheelEvent): void {
  const { offsetX } = inElement(target.element, event);
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    zoomBy(target, Math.exp(Math.max(-300, Math.min(300, delta)) * WHEEL_ZOOM), valueAt(target.chart.xAxis, offsetX));
    return;
  }
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY) || target.shared.window === undefined) return;
  event.preventDefault();
  const { left, right } = target.chart.rect;
  panWindow(target, sideways / (right - left));
}

function inElement(element: HTMLElement, event: MouseEvent): { offsetX: number; offsetY: number } {
  const box = element.getBoundingClientRect();
  return { offsetX: event.clientX - box.left, offsetY: event.clientY - box.top };
}

/** One drag from press to release. */
class Drag {
  readonly #target: GestureTarget;
  #from: { x: number; y: number; kind: 'zoom' | 'box' | 'pan'; window: Range } | undefined;

  constructor(target: GestureTarget) {
    this.#target = target;
  }

  start(event: PointerEvent): void {
    const { chart, element } = this.#target;
    const { offsetX, offsetY } = inElement(element, event);
    const { left, right, top, bottom } = chart.rect;
    if (event.button > 1 || offsetX < left || offsetX > right || offsetY < top || offsetY > bottom) return;
    const kind = event.shiftKey || event.button === 1 ? 'pan' : event.altKey ? 'box' : 'zoom';
    if (kind === 'pan') event.preventDefault();
    this.#from = { x: offsetX, y: offsetY, kind, window: chart.window };
    element.setPointerCapture(event.pointerId);
  }

  /** Whether a drag is going on. */
  move(event: PointerEvent): boolean {
    const from = this.#from;
    if (from === undefined) return false;
    const { chart, shared, element, scheduler } = this.#target;
    const { offsetX, offsetY } = inElement(element, event);
    if (from.kind !== 'pan') {
      this.#target.showBox(this.#box(from, offsetX, offsetY));
      return true;
    }
    const limits = limitsOf(this.#target);
    if (limits === undefined || shared.window === undefined) return true;
    scheduler.gesture();
    const { left, right } = chart.rect;
    shared.setWindow(panBy(from.window, (from.x - offsetX) / (right - left), limits), true);
    return true;
  }

  end(event: PointerEvent): void {
    const from = this.#from;
    this.cancel();
    if (from === undefined || from.kind === 'pan') return;
    const { offsetX, offsetY } = inElement(this.#target.element, event);
    if (Math.abs(offsetX - from.x) < CLICK_PIXELS) return;
    this.#zoomTo(this.#box(from, offsetX, offsetY));
  }

  cancel(): void {
    this.#from = undefined;
    this.#target.showBox(undefined);
  }

  #box(from: { x: number; y: number; kind: string }, x: number, y: number): DragBox {
    const { left, right, top, bottom } = this.#target.chart.rect;
    const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
    const [x0, x1] = [from.x, clamp(x, left, right)].sort((a, b) => a - b) as [number, number];
    if (from.kind !== 'box') return { x0, x1 };
    const [y0, y1] = [from.y, clamp(y, top, bottom)].sort((a, b) => a - b) as [number, number];
    return { x0, x1, y: { y0, y1 } };
  }

  #zoomTo(box: DragBox): void {
    const { chart, shared } = this.#target;
    const { xAxis, yAxis } = chart;
    const limits = limitsOf(this.#target);
    const chosen = { min: valueAt(xAxis, box.x0), max: valueAt(xAxis, box.x1) };
    if (box.y !== undefined && box.y.y1 - box.y.y0 >= CLICK_PIXELS) {
      chart.yWindow = { min: valueAt(yAxis, box.y.y1), max: valueAt(yAxis, box.y.y0) };
    }
    if (limits !== undefined) shared.setWindow(withinLimits(chosen, limits), false);
  }
}
