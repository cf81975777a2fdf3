import type { ChartView } from './chartView.ts';
import type { DragBox } from './gestures.ts';
import { pixelOf } from './plot.ts';
import type { SharedView } from './sharedView.ts';

/** More dots than this at the cursor hide the lines that they belong to. */
const MOST_DOTS = 40;

/**
 * What changes with every move of the pointer, on a canvas of its own above the chart: the cursor's line, a dot on each curve, a highlighted
 * line, and the rectangle of a drag. The lines below are not drawn again for it.
 */
export class Overlay {
  readonly #canvas: HTMLCanvasElement;
  readonly #chart: ChartView;
  readonly #shared: SharedView;
  #box: DragBox | undefined;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement, chart: ChartView, shared: SharedView) {
    this.#canvas = canvas;
    this.#chart = chart;
    this.#shared = shared;
  }

  showBox(box: DragBox | undefined): void {
    this.#box = box;
    this.draw();
  }

  /** Draws in the next frame. */
  draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
  }

  #paint(): void {
    const { canvas: plot, settings } = this.#chart;
    const canvas = this.#canvas;
    if (canvas.width !== plot.width || canvas.height !== plot.height) {
      canvas.width = plot.width;
      canvas.height = plot.height;
    }
    const ctx = canvas.getContext('2d')!;
    const ratio = plot.width / plot.clientWidth || 1;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, plot.clientWidth, plot.clientHeight);
    const { left, right, top, bottom } = this.#chart.rect;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    const { highlighted } = this.#shared;
    if (highlighted !== undefined) this.#paintHighlighted(ctx, highlighted);
    this.#paintCursor(ctx);
    if (this.#box !== undefined) this.#paintBox(ctx, this.#box, settings.theme.focus);
    ctx.restore();
  }

  #paintHighlighted(ctx: CanvasRenderingContext2D, runId: string): void {
    const { left, right, top, bottom } = this.#chart.rect;
    if (!this.#chart.settings.lines.some((line) => line.runId === runId)) return;
    ctx.globalAlpha = 0.72;
    ctx.fillStyle = this.#chart.settings.theme.background;
    ctx.fillRect(left, top, right - left, bottom - top);
    ctx.globalAlpha = 1;
    this.#chart.paintHighlight(ctx, runId);
  }

  #paintCursor(ctx: CanvasRenderingContext2D): void {
    const { cursor } = this.#shared;
    if (cursor === undefined) return;
    const { rect, xAxis, yAxis, settings } = this.#chart;
    const x = Math.round(pixelOf(xAxis, cursor.x)) + 0.5;
    ctx.strokeStyle = settings.theme.muted;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, rect.top);
    ctx.lineTo(x, rect.bottom);
    ctx.stroke();
    if (settings.lines.length > MOST_DOTS) return;
    for (const { line, reading } of this.#chart.readingsAt(cursor.x)) {
      const value = reading.smoothed ?? reading.value;
      const px = pixelOf(xAxis, reading.x);
      if (!Number.isFinite(value) || Math.abs(px - x) > 24) continue;
      ctx.fillStyle = line.colour;
      ctx.strokeStyle = settings.theme.background;
      ctx.beginPath();
      ctx.arc(px, pixelOf(yAxis, value), 3.5, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
  }

  #paintBox(ctx: CanvasRenderingContext2D, box: DragBox, colour: string): void {
    const { top, bottom } = this.#chart.rect;
    const { y0, y1 } = box.y ?? { y0: top, y1: bottom };
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = colour;
    ctx.fillRect(box.x0, y0, box.x1 - box.x0, y1 - y0);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colour;
    ctx.strokeRect(box.x0 + 0.5, y0 + 0.5, box.x1 - box.x0 - 1, y1 - y0 - 1);
  }
}
