import { linearTicks } from '../../charts/ticks.ts';
import { mix, parseColour } from '../../shared/colour.ts';
import { formatStep } from '../../shared/format.ts';
import type { ChartTheme } from '../../shared/theme.ts';
import type { HistogramGrid } from './histogramGrid.ts';

/** A rectangle in CSS pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the parts of the drawing lie: steps go to the right, values upwards; the chosen step's own bars stand at the right, on the same values. */
export interface HistogramLayout {
  readonly steps: Box | undefined;
  readonly bars: Box;
}

const AXIS = 54;
const FOOT = 20;
const TOP = 6;
const GAP = 10;
/** Differences between shares are seen over this power of them: a flat tail stays visible beside a high peak. */
const SHADE_POWER = 0.55;

/** With one step alone there are bars only. */
export function layoutOf(width: number, height: number, stepCount: number): HistogramLayout {
  const inner = { y: TOP, height: height - TOP - FOOT };
  const room = width - AXIS - 4;
  if (stepCount < 2) return { steps: undefined, bars: { ...inner, x: AXIS, width: room } };
  const barWidth = Math.max(60, Math.round(room * 0.26));
  return {
    steps: { ...inner, x: AXIS, width: room - barWidth - GAP },
    bars: { ...inner, x: width - 4 - barWidth, width: barWidth },
  };
}

export interface HistogramDrawing {
  readonly grid: HistogramGrid;
  readonly layout: HistogramLayout;
  /** Column whose bars are drawn. */
  readonly chosen: number;
  readonly colour: string;
  readonly theme: ChartTheme;
}

/** Draws everything; the context is scaled to CSS pixels. */
export function paintHistogram(context: CanvasRenderingContext2D, drawing: HistogramDrawing): void {
  const { layout, theme } = drawing;
  context.font = `${Math.round(theme.fontSize * 0.85)}px ${theme.fontFamily}`;
  paintValueAxis(context, drawing);
  if (layout.steps !== undefined) paintSteps(context, drawing, layout.steps);
  paintBars(context, drawing);
}

function paintValueAxis(context: CanvasRenderingContext2D, { grid, layout, theme }: HistogramDrawing): void {
  const { bars, steps } = layout;
  const left = steps ?? bars;
  const { min, max } = grid.window;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const { value, label } of linearTicks(min, max, 5)) {
    const y = Math.round(left.y + left.height * (1 - (value - min) / (max - min))) + 0.5;
    context.fillStyle = theme.muted;
    context.fillText(label, left.x - 6, y, AXIS - 8);
    context.strokeStyle = theme.grid;
    context.beginPath();
    context.moveTo(left.x, y);
    context.lineTo(bars.x + bars.width, y);
    context.stroke();
  }
}

function paintSteps(context: CanvasRenderingContext2D, drawing: HistogramDrawing, box: Box): void {
  const { grid, theme, colour, chosen } = drawing;
  context.drawImage(heatMap(grid, colour, theme.background), box.x, box.y, box.width, box.height);
  context.strokeStyle = theme.border;
  context.strokeRect(box.x - 0.5, box.y - 0.5, box.width + 1, box.height + 1);
  paintStepLabels(context, drawing, box);
  const x = columnCentre(box, grid.steps.length, chosen);
  context.strokeStyle = theme.foreground;
  context.lineWidth = theme.highContrast ? 2 : 1;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(x, box.y);
  context.lineTo(x, box.y + box.height);
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1;
}

/** The first and the last step, and the chosen one where there is room for it. */
function paintStepLabels(context: CanvasRenderingContext2D, { grid, theme, chosen }: HistogramDrawing, box: Box): void {
  const { steps } = grid;
  const y = box.y + box.height + FOOT / 2 + 2;
  const [first, last, here] = [steps[0]!, steps.at(-1)!, steps[chosen]!].map(formatStep) as [string, string, string];
  context.textBaseline = 'middle';
  context.fillStyle = theme.muted;
  context.textAlign = 'left';
  context.fillText(first, box.x, y);
  context.textAlign = 'right';
  context.fillText(last, box.x + box.width, y);
  if (here === first || here === last) return;
  const x = columnCentre(box, steps.length, chosen);
  const half = context.measureText(here).width / 2 + 8;
  const isFree =
    x - half > box.x + context.measureText(first).width &&
    x + half < box.x + box.width - context.measureText(last).width;
  if (!isFree) return;
  context.textAlign = 'center';
  context.fillStyle = theme.foreground;
  context.fillText(here, x, y);
}

function paintBars(context: CanvasRenderingContext2D, { grid, layout, chosen, colour, theme }: HistogramDrawing): void {
  const { bars } = layout;
  const column = grid.columns[chosen];
  if (column === undefined) return;
  const most = column.reduce((a, b) => Math.max(a, b), 0);
  const rowHeight = bars.height / grid.rows;
  context.fillStyle = colour;
  column.forEach((share, row) => {
    const length = most === 0 ? 0 : (share / most) * bars.width;
    const y = bars.y + bars.height - (row + 1) * rowHeight;
    // Rows touch: together they are the outline of where values lie.
    if (length > 0) context.fillRect(bars.x, Math.floor(y), Math.max(1, length), Math.ceil(rowHeight));
  });
  context.strokeStyle = theme.border;
  context.beginPath();
  context.moveTo(bars.x - 0.5, bars.y);
  context.lineTo(bars.x - 0.5, bars.y + bars.height);
  context.stroke();
  context.fillStyle = theme.muted;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(`step ${formatStep(grid.steps[chosen]!)}`, bars.x, bars.y + bars.height + FOOT / 2 + 2, bars.width);
}

/** One pixel per step and row, to be stretched: the colour of the run over the background, more of it where more values lie. */
function heatMap({ columns, rows, peak }: HistogramGrid, colour: string, background: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = columns.length;
  canvas.height = rows;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(columns.length, rows);
  const [low, high] = [parseColour(background)!, parseColour(colour)!];
  columns.forEach((column, x) => {
    column.forEach((share, row) => {
      const at = 4 * ((rows - 1 - row) * columns.length + x);
      const { r, g, b } = mix(low, high, peak === 0 ? 0 : (share / peak) ** SHADE_POWER);
      image.data.set([255 * r, 255 * g, 255 * b, 255], at);
    });
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Middle of a column in pixels. */
export function columnCentre(box: Box, count: number, column: number): number {
  return box.x + ((column + 0.5) * box.width) / count;
}

/** Column at a pixel; undefined beside them all. */
export function columnAt(box: Box, count: number, x: number): number | undefined {
  const column = Math.floor(((x - box.x) / box.width) * count);
  return column >= 0 && column < count ? column : undefined;
}
