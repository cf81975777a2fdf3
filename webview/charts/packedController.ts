import { Chart, DatasetController, LinearScale, LogarithmicScale, PointElement } from 'chart.js';

/**
 * A dataset whose points Chart.js never sees: it asks us to paint inside its chart area, and does axes, layout and scales itself.
 * One dataset stands for all lines of the chart, so that the cost of an update does not grow with the number of runs.
 */
export interface PackedDataset {
  readonly type: 'packed';
  readonly data: readonly never[];
  /** Paints all lines; the context is clipped to the chart area. */
  paint(chart: Chart): unknown;
}

/** Draws packed typed arrays straight to the canvas, through Chart.js's public extension point for chart types. */
class PackedController extends DatasetController {
  static id = 'packed';
  /** Chart.js insists on an element type, though no element is ever made. */
  static defaults = { datasetElementType: false, dataElementType: 'point' };
  static overrides = { scales: { _index_: { type: 'linear' }, _value_: { type: 'linear' } } };

  override addElements(): void {}
  override buildOrUpdateElements(): void {}
  override parse(): void {}
  override update(): void {}
  override getAllParsedValues(): number[] {
    return [];
  }
  protected override getMaxOverflow(): number {
    return 0;
  }

  /** Both scales get their limits from their options, always. */
  protected override getMinMax(): { min: number; max: number } {
    return { min: 0, max: 1 };
  }

  override draw(): void {
    const { ctx, chartArea } = this.chart;
    const dataset = this.getDataset() as unknown as PackedDataset;
    ctx.save();
    ctx.beginPath();
    ctx.rect(chartArea.left, chartArea.top, chartArea.right - chartArea.left, chartArea.bottom - chartArea.top);
    ctx.clip();
    dataset.paint(this.chart);
    ctx.restore();
  }
}

let registered = false;

/** Makes the chart type and the two scales known to Chart.js. */
export function registerPackedChart(): void {
  if (registered) return;
  registered = true;
  Chart.register(PackedController, LinearScale, LogarithmicScale, PointElement);
}
