import { html, LitElement, nothing } from 'lit';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { SeriesPoints } from '../../src/protocol/series.ts';
import type { LineSpec } from '../charts/paint.ts';
import { button, select } from '../shared/controls.ts';
import { formatCount, formatStep, formatWallTime } from '../shared/format.ts';
import type { MetricsContext } from './context.ts';

const PAGE = 100;

/** The exact logged points of a chart's runs as a table, a page at a time: for screen readers, and for everyone who wants the digits. */
export class ValueTable extends LitElement {
  static override properties = { tag: {}, lines: {}, context: { attribute: false }, page: { state: true } };

  declare tag: string;
  declare lines: readonly LineSpec[];
  declare context: MetricsContext;
  declare page: { readonly runId: string; readonly points?: SeriesPoints; readonly problem?: string } | undefined;
  #asked = '';

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(): void {
    const first = this.lines[0];
    const isKnown = this.lines.some((line) => line.runId === this.page?.runId);
    if (first !== undefined && !isKnown) void this.#load(first.runId, Number.POSITIVE_INFINITY);
  }

  /** Loads the page from that point on; infinity for the last page. */
  async #load(runId: string, from: number): Promise<void> {
    const question = `${runId} ${from}`;
    if (this.#asked === question) return;
    this.#asked = question;
    this.page = { runId };
    try {
      const points = await this.#ask(runId, from);
      if (this.#asked === question) this.page = { runId, points };
    } catch (error) {
      if (this.#asked === question) this.page = { runId, problem: describeError(error) };
    }
    this.#asked = '';
  }

  async #ask(runId: string, from: number): Promise<SeriesPoints> {
    const points = (start: number, count: number) =>
      this.context.client.call('series.points', { runId: runId as RunId, tag: this.tag, from: start, count });
    if (Number.isFinite(from)) return points(Math.max(0, from), PAGE);
    const { total } = await points(0, 1);
    return points(Math.max(0, total - PAGE), PAGE);
  }

  protected override render() {
    const { page } = this;
    if (page === undefined) return html`<p class="note">No run draws this tag.</p>`;
    return html`
      <div class="table-head">
        ${this.lines.length > 1 ? this.#runChoice(page.runId) : nothing}
        ${page.points === undefined ? nothing : this.#pager(page.runId, page.points)}
      </div>
      ${page.problem === undefined ? nothing : html`<p class="note error" role="alert">${page.problem}</p>`}
      ${page.points === undefined ? nothing : this.#table(page.points)}
    `;
  }

  #runChoice(runId: string) {
    const choices = this.lines.map((line) => ({ value: line.runId, label: line.label }));
    return select({
      label: 'Run',
      value: runId,
      choices,
      onChange: (id) => void this.#load(id, Number.POSITIVE_INFINITY),
    });
  }

  #pager(runId: string, { from, total, values }: SeriesPoints) {
    const end = from + values.length;
    const go = (start: number) => void this.#load(runId, start);
    return html`<span class="pager">
      ${button({ label: 'First', disabled: from === 0, onClick: () => go(0) })}
      ${button({ label: 'Previous', disabled: from === 0, onClick: () => go(Math.max(0, from - PAGE)) })}
      <span>${total === 0 ? 'no points' : `${formatCount(from + 1)}–${formatCount(end)} of ${formatCount(total)}`}</span>
      ${button({ label: 'Next', disabled: end >= total, onClick: () => go(end) })}
      ${button({ label: 'Last', disabled: end >= total, onClick: () => go(Math.max(0, total - PAGE)) })}
    </span>`;
  }

  #table(points: SeriesPoints) {
    const label = this.lines.find((line) => line.runId === this.page?.runId)?.label ?? '';
    return html`<div class="table-scroll" tabindex="0"><table class="values">
      <caption class="sr-only">Values of ${this.tag}, run ${label}</caption>
      <thead><tr><th scope="col">Step</th><th scope="col">Value</th><th scope="col">Time</th></tr></thead>
      <tbody>${Array.from(points.values, (value, i) => {
        return html`<tr><td>${formatStep(points.steps[i]!)}</td><td>${value}</td><td>${formatWallTime(points.wallTimes[i]!)}</td></tr>`;
      })}</tbody>
    </table></div>`;
  }
}
