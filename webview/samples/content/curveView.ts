import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { describeError } from '../../../src/base/errors.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { CurveContent } from '../../../src/domain/mediaContent.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import { formatStep, formatValue } from '../../shared/format.ts';
import { DASHES, type RunStyle } from '../../shared/runStyles.ts';
import type { ChartTheme } from '../../shared/theme.ts';
import { type ContentStore, contentKey, treeOf } from './contentStore.ts';

/** The curve of one run at the step in sight. */
export interface CurveLine {
  readonly runId: RunId;
  readonly name: string;
  readonly record: MediaRecord;
  readonly style: RunStyle;
}

const NEAR = '400px';
const MARGIN = { left: 54, right: 10, top: 8, bottom: 34 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** Precision over recall of all runs that have the tag, in one drawing: curves are there to be compared. */
export class CurveView extends LitElement {
  static override properties = {
    store: { attribute: false },
    lines: { attribute: false },
    theme: { attribute: false },
    tag: { attribute: false },
    isNear: { state: true },
    arrived: { state: true },
    problem: { state: true },
  };

  declare store: ContentStore;
  declare lines: readonly CurveLine[];
  declare theme: ChartTheme;
  declare tag: string;
  declare isNear: boolean;
  declare arrived: number;
  declare problem: string | undefined;
  readonly #values = new Map<string, CurveContent>();
  #observer: IntersectionObserver | undefined;
  #size: ResizeObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.arrived = 0;
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.isNear = entries[entries.length - 1]?.isIntersecting === true;
      },
      { rootMargin: NEAR },
    );
    this.#observer.observe(this);
    this.#size = new ResizeObserver(() => this.#draw());
    this.#size.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
    this.#size?.disconnect();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.isNear || !(changed.has('lines') || changed.has('isNear'))) return;
    for (const { runId, record } of this.lines)
      if (!this.#values.has(contentKey(runId, record))) void this.#load(runId, record);
  }

  protected override updated(): void {
    this.#draw();
  }

  async #load(runId: RunId, record: MediaRecord): Promise<void> {
    try {
      const value = treeOf<CurveContent>(await this.store.content(runId, record));
      if (value.precision.length !== value.recall.length)
        throw new Error('The curve has not as many precisions as recalls.');
      this.#values.set(contentKey(runId, record), value);
      this.problem = undefined;
      this.arrived++;
    } catch (error) {
      this.problem = describeError(error);
    }
  }

  #draw(): void {
    const canvas = this.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const place = {
      x: (recall: number) => MARGIN.left + recall * (width - MARGIN.left - MARGIN.right),
      y: (precision: number) => MARGIN.top + (1 - precision) * (height - MARGIN.top - MARGIN.bottom),
    };
    this.#drawAxes(context, place, height);
    for (const line of this.lines) this.#drawLine(context, place, line);
  }

  #drawAxes(context: CanvasRenderingContext2D, { x, y }: Place, height: number): void {
    const { theme } = this;
    context.font = `${Math.round(theme.fontSize * 0.85)}px ${theme.fontFamily}`;
    context.strokeStyle = theme.grid;
    context.fillStyle = theme.muted;
    for (const tick of TICKS) {
      context.beginPath();
      context.moveTo(x(0), Math.round(y(tick)) + 0.5);
      context.lineTo(x(1), Math.round(y(tick)) + 0.5);
      context.moveTo(Math.round(x(tick)) + 0.5, y(0));
      context.lineTo(Math.round(x(tick)) + 0.5, y(1));
      context.stroke();
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      context.fillText(String(tick), x(0) - 6, y(tick));
      context.textAlign = tick === 1 ? 'right' : 'center';
      context.textBaseline = 'top';
      context.fillText(String(tick), x(tick), y(0) + 4);
    }
    context.textAlign = 'center';
    context.textBaseline = 'bottom';
    context.fillText('recall', (x(0) + x(1)) / 2, height - 1);
    context.save();
    context.translate(2, (y(0) + y(1)) / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = 'top';
    context.fillText('precision', 0, 0);
    context.restore();
  }

  #drawLine(context: CanvasRenderingContext2D, { x, y }: Place, { runId, record, style }: CurveLine): void {
    const value = this.#values.get(contentKey(runId, record));
    if (value === undefined) return;
    context.strokeStyle = this.theme.lines[style.colour % this.theme.lines.length]!;
    context.lineWidth = 2;
    context.setLineDash([...(DASHES[style.dash] ?? [])]);
    context.beginPath();
    value.recall.forEach((recall, i) => {
      context.lineTo(x(recall), y(value.precision[i]!));
    });
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  protected override render(): TemplateResult {
    const names = this.lines.map((line) => `${line.name} ${this.#area(line)}`).join('; ');
    return html`<div class="curve"><canvas role="img" aria-label=${`${this.tag}, precision over recall: ${names}`}></canvas>
      <ul class="curve-legend">${this.lines.map(
        (line) => html`<li class="line-${line.style.colour}">
          <svg class="swatch dash-${line.style.dash}" viewBox="0 0 22 6" width="22" height="6" aria-hidden="true"><path d="M0 3h22" /></svg>
          <span class="name" title=${line.name}>${line.name}</span><span class="muted">step ${formatStep(line.record.step)}, ${this.#area(line)}</span></li>`,
      )}</ul>
      ${this.problem === undefined ? nothing : html`<p class="note error" role="alert">${this.problem}</p>`}
    </div>`;
  }

  #area({ runId, record }: CurveLine): string {
    const value = this.#values.get(contentKey(runId, record));
    return value === undefined ? '…' : `average precision ${formatValue(averagePrecision(value), 3)}`;
  }
}

interface Place {
  x(recall: number): number;
  y(precision: number): number;
}

/** Σ (Rₙ − Rₙ₋₁) Pₙ over rising recall, as in scikit-learn's average_precision_score. */
export function averagePrecision({ precision, recall }: CurveContent): number {
  const points = recall.map((value, i) => ({ recall: value, precision: precision[i]! }));
  points.sort((a, b) => a.recall - b.recall);
  let [sum, before] = [0, 0];
  for (const point of points) {
    sum += (point.recall - before) * point.precision;
    before = point.recall;
  }
  return sum;
}
