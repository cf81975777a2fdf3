import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { describeError } from '../../../src/base/errors.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { HistogramContent } from '../../../src/domain/mediaContent.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import type { Range } from '../../charts/range.ts';
import { iconButton } from '../../shared/controls.ts';
import { formatCount, formatStep, formatValue } from '../../shared/format.ts';
import { icon } from '../../shared/icons.ts';
import type { ChartTheme } from '../../shared/theme.ts';
import { type ContentStore, contentKey, treeOf } from './contentStore.ts';
import { evenly, gridOf, type HistogramAt, quantile, rangeBetween, wholeRange } from './histogramGrid.ts';
import { columnAt, type HistogramLayout, layoutOf, paintHistogram } from './histogramPaint.ts';

const NEAR = '400px';
/** Steps that are drawn beside one another; more would be thinner than what the eye tells apart. */
const MOST_COLUMNS = 96;
const ROWS = 56;
/** Left out at each end unless the person wants the whole range. */
const TAIL = 0.005;

/**
 * The histograms of one tag over the steps of a run: a map of where the values lie, and the bars of the step in sight. A click chooses a step.
 * Read when it comes near the screen, step by step.
 */
export class HistogramView extends LitElement {
  static override properties = {
    store: { attribute: false },
    runId: { attribute: false },
    records: { attribute: false },
    record: { attribute: false },
    label: { attribute: false },
    colour: { attribute: false },
    theme: { attribute: false },
    isNear: { state: true },
    isWhole: { state: true },
    pointed: { state: true },
    problem: { state: true },
    arrived: { state: true },
  };

  declare store: ContentStore;
  declare runId: RunId;
  /** One per step, by rising step. */
  declare records: readonly MediaRecord[];
  /** The one in sight, of `records`. */
  declare record: MediaRecord;
  declare label: string;
  /** Which of the theme's line colours. */
  declare colour: number;
  declare theme: ChartTheme;
  declare isNear: boolean;
  declare isWhole: boolean;
  declare pointed: string | undefined;
  declare problem: string | undefined;
  /** How many values have come; drawing waits for it. */
  declare arrived: number;
  readonly #values = new Map<string, HistogramContent>();
  #wanted: readonly MediaRecord[] = [];
  #layout: HistogramLayout | undefined;
  #steps: readonly number[] = [];
  #near: IntersectionObserver | undefined;
  #size: ResizeObserver | undefined;
  #frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.arrived = 0;
    this.#near = new IntersectionObserver((entries) => this.#onNear(entries), { rootMargin: NEAR });
    this.#near.observe(this);
    this.#size = new ResizeObserver(() => this.#drawSoon());
    this.#size.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#near?.disconnect();
    this.#size?.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.isNear) return;
    if (this.#wanted.length > 0 && !changed.has('records') && !changed.has('record') && !changed.has('isNear')) return;
    this.#wanted = evenly(this.records, MOST_COLUMNS, this.record);
    const known = new Set(this.records.map((record) => this.#key(record)));
    for (const key of this.#values.keys()) if (!known.has(key)) this.#values.delete(key);
    // The step in sight first: its bars are what the person looks at.
    const missing = this.#wanted.filter((record) => !this.#values.has(this.#key(record)));
    missing.sort((a, b) => Number(b === this.record) - Number(a === this.record));
    for (const record of missing) void this.#load(record);
  }

  protected override updated(): void {
    this.#drawSoon();
  }

  #key(record: MediaRecord): string {
    return contentKey(this.runId, record);
  }

  async #load(record: MediaRecord): Promise<void> {
    try {
      const content = treeOf<HistogramContent>(await this.store.content(this.runId, record));
      if (content.edges.length !== content.counts.length + 1)
        throw new Error('A histogram has the wrong number of bins.');
      this.#values.set(this.#key(record), content);
      this.arrived++;
    } catch (error) {
      this.problem = `Step ${formatStep(record.step)}: ${describeError(error)}`;
    }
  }

  #onNear(entries: readonly IntersectionObserverEntry[]): void {
    this.isNear = entries[entries.length - 1]?.isIntersecting === true;
  }

  #drawSoon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const canvas = this.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const histograms = this.#histograms();
    const window = this.#window(histograms);
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (window === undefined || width < 2) return;
    const chosen = Math.max(
      0,
      histograms.findLastIndex(({ step }) => step <= this.record.step),
    );
    this.#layout = layoutOf(width, height, histograms.length);
    this.#steps = histograms.map(({ step }) => step);
    const colour = this.theme.lines[this.colour % this.theme.lines.length]!;
    context.imageSmoothingEnabled = false;
    paintHistogram(context, {
      grid: gridOf(histograms, window, ROWS),
      layout: this.#layout,
      chosen,
      colour,
      theme: this.theme,
    });
  }

  #histograms(): HistogramAt[] {
    return this.#wanted
      .map((record) => ({ step: record.step, content: this.#values.get(this.#key(record)) }))
      .flatMap(({ step, content }) => (content === undefined ? [] : [{ step, ...content }]));
  }

  #window(histograms: readonly HistogramContent[]): Range | undefined {
    return this.isWhole ? wholeRange(histograms) : rangeBetween(histograms, TAIL);
  }

  protected override render(): TemplateResult {
    const now = this.#values.get(this.#key(this.record));
    const isOne = this.records.length < 2;
    return html`<div class="histogram">
      <canvas role="img" aria-label=${this.#summary(now)} title=${isOne ? '' : 'Click to go to a step'} class=${isOne ? '' : 'clickable'}
        @click=${(event: MouseEvent) => this.#onClick(event)} @pointermove=${(event: PointerEvent) => this.#onPointer(event)} @pointerleave=${() => {
          this.pointed = undefined;
        }}></canvas>
      <footer><span>${this.pointed ?? this.#shortSummary(now)}</span>
        ${iconButton({ label: this.isWhole ? 'Show where most values are' : 'Show the whole range of values', icon: icon(this.isWhole ? 'collapse' : 'expand'), pressed: this.isWhole === true, onClick: () => this.#toggleWhole() })}
      </footer>
      ${this.problem === undefined ? nothing : html`<p class="note error" role="alert">${this.problem}</p>`}
    </div>`;
  }

  #toggleWhole(): void {
    this.isWhole = this.isWhole !== true;
  }

  /** In one sentence, for people who do not see the picture. */
  #summary(now: HistogramContent | undefined): string {
    return now === undefined ? `${this.label}: loading` : `${this.label}: ${this.#shortSummary(now)}`;
  }

  #shortSummary(now: HistogramContent | undefined): string {
    if (now === undefined) return '…';
    const total = now.counts.reduce((sum, count) => sum + count, 0);
    const [low, middle, high] = [0, 0.5, 1].map((share) => quantile(now, share));
    if (low === undefined || middle === undefined || high === undefined) return 'no values';
    const drawn =
      this.#wanted.length < this.records.length ? `; ${this.#wanted.length} of ${this.records.length} steps drawn` : '';
    return `${formatCount(total)} values from ${formatValue(low, 3)} to ${formatValue(high, 3)}, median ${formatValue(middle, 3)}${drawn}`;
  }

  #onClick(event: MouseEvent): void {
    const step = this.#stepAt(event);
    if (step !== undefined) this.dispatchEvent(new CustomEvent('go-to-step', { detail: step, bubbles: true }));
  }

  #onPointer(event: PointerEvent): void {
    const step = this.#stepAt(event);
    const box = this.#layout?.steps;
    const value = this.#values.get(this.#key(this.#wanted.find((record) => record.step === step) ?? this.record));
    if (step === undefined || box === undefined || value === undefined) {
      this.pointed = undefined;
      return;
    }
    const median = quantile(value, 0.5);
    this.pointed = `step ${formatStep(step)}, click to go there${median === undefined ? '' : `; median ${formatValue(median, 3)}`}`;
  }

  #stepAt({ offsetX }: MouseEvent): number | undefined {
    const box = this.#layout?.steps;
    const column = box === undefined ? undefined : columnAt(box, this.#steps.length, offsetX);
    return column === undefined ? undefined : this.#steps[column];
  }
}
