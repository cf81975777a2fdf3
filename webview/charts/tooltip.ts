import { html, nothing, render } from 'lit';
import { formatDuration, formatStep, formatValue, formatWallTime } from '../shared/format.ts';
import type { ChartView } from './chartView.ts';
import { drawnValue, type Legend, type LegendRow, legendAt } from './legendRows.ts';
import { pixelOf, valueAt } from './plot.ts';
import type { Cursor } from './sharedView.ts';

const MOST_ROWS = 14;
const GAP = 12;

/** The legend at the cursor: values of all runs, sorted, with the x that they belong to. Shown in the chart that the pointer is in. */
export class Tooltip {
  readonly element: HTMLElement;
  readonly #chart: ChartView;

  constructor(element: HTMLElement, chart: ChartView) {
    this.element = element;
    this.#chart = chart;
    element.hidden = true;
  }

  /** Shows the legend for the cursor, or hides it. */
  update(cursor: Cursor | undefined): void {
    const readings = cursor?.owner === this.#chart ? this.#chart.readingsAt(cursor.x) : [];
    this.element.hidden = cursor === undefined || readings.length === 0;
    if (cursor === undefined || readings.length === 0) return;
    const height = cursor.pixelY === undefined ? undefined : valueAt(this.#chart.yAxis, cursor.pixelY);
    render(legendTemplate(legendAt(readings, height, MOST_ROWS), this.#chart, cursor.x), this.element);
    this.#place(cursor.x);
  }

  /** Beside the cursor, and inside of what is in sight. Positions go through the CSS object model, which a strict CSP allows. */
  #place(x: number): void {
    const pixel = pixelOf(this.#chart.xAxis, x);
    const { left, right, top } = this.#chart.rect;
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const pane = this.#chart.canvas.getBoundingClientRect();
    const sight = this.element.closest('.charts')?.getBoundingClientRect() ?? document.body.getBoundingClientRect();
    const leftmost = sight.left - pane.left + 2;
    const farthest = sight.right - pane.left - width - GAP;
    const sides = [pixel + GAP, pixel - GAP - width];
    // In the left half of the chart the right side comes first, and the other way round, unless only one of them is in sight.
    if (pixel > (left + right) / 2) sides.reverse();
    const wanted = sides.find((side) => side >= leftmost && side <= farthest) ?? sides[0]!;
    style.left = `${Math.max(leftmost, Math.min(farthest, wanted))}px`;
    const lowest = sight.bottom - pane.top - height - 4;
    style.top = `${Math.max(sight.top - pane.top + 2, Math.min(lowest, top + 4))}px`;
  }
}

/** An x as people read it, in the words of the axis. */
export function formatX(chart: Pick<ChartView, 'settings'>, x: number): string {
  return xFormats[chart.settings.axis](x);
}

const xFormats = {
  step: (x: number) => `step ${formatStep(Math.abs(x) >= 1 ? Math.round(x) : x)}`,
  wall: formatWallTime,
  relative: formatDuration,
};

function legendTemplate(legend: Legend, chart: ChartView, x: number) {
  const isSmoothed = legend.rows.some((row) => row.reading.smoothed !== undefined);
  const first = legend.rows[0]?.reading.x ?? x;
  const isSameX = legend.rows.every((row) => row.reading.x === first);
  const columns = 3 + Number(isSmoothed) + Number(!isSameX);
  const more = (count: number, where: string) =>
    count > 0 ? html`<tr><td colspan=${columns} class="more">${count} ${where}</td></tr>` : nothing;
  return html`
    <div class="legend-x">${formatX(chart, isSameX ? first : x)}</div>
    <table>
      ${isSmoothed ? html`<tr><th></th><th></th><th>smoothed</th><th>value</th>${isSameX ? nothing : html`<th>at</th>`}</tr>` : nothing}
      ${more(legend.above, 'above')}
      ${legend.rows.map((row) => rowTemplate(row, chart, isSmoothed, isSameX))}
      ${more(legend.below, 'below')}
    </table>
  `;
}

function rowTemplate(row: LegendRow, chart: ChartView, isSmoothed: boolean, isSameX: boolean) {
  const { reading, line } = row;
  const colourIndex = chart.settings.theme.lines.indexOf(line.colour);
  const at = formatX(chart, reading.x).replace('step ', '');
  return html`<tr class=${row.isNearest ? 'nearest' : ''}>
    <td><span class="dot line-${colourIndex}"></span></td>
    <td class="name">${line.label}</td>
    <td class="number">${formatValue(drawnValue(reading))}</td>
    ${isSmoothed ? html`<td class="number raw">${formatValue(reading.value)}</td>` : nothing}
    ${isSameX ? nothing : html`<td class="number at">${at}</td>`}
    ${isShared(reading.min, reading.max) ? html`<td class="at">${formatValue(reading.min, 3)} … ${formatValue(reading.max, 3)}</td>` : nothing}
  </tr>`;
}

/** Several points share the pixel. */
function isShared(min: number, max: number): boolean {
  return min < max;
}
