import { html, LitElement, nothing } from 'lit';
import type { Disposable } from '../../src/base/disposables.ts';
import { ChartPane, type PaneRequest, type PaneState } from '../charts/chartPane.ts';
import type { LineSpec } from '../charts/paint.ts';
import { button, iconButton, progressRing } from '../shared/controls.ts';
import { formatCount, plural } from '../shared/format.ts';
import { icon } from '../shared/icons.ts';
import { DASHES } from '../shared/runStyles.ts';
import type { LiveCard, MetricsContext } from './context.ts';
import { type ExportProgress, exportCsv, exportPng } from './exportCard.ts';
import { shortName, type TagCard } from './tags.ts';

/** Charts this close to the visible part are made before they are seen. */
const NEAR = '300px';
/** Messages about exports go away by themselves. */
const MESSAGE_MS = 6000;

/** One tag: its chart, what it shows, and what can be done with it. Draws only while it is on the screen or near it. */
export class MetricCard extends LitElement implements LiveCard {
  static override properties = {
    card: { attribute: false },
    context: { attribute: false },
    isFull: { attribute: false },
    state: { state: true },
    tableOpen: { state: true },
    progress: { state: true },
    isNear: { state: true },
  };

  declare card: TagCard;
  declare context: MetricsContext;
  declare isFull: boolean;
  declare state: PaneState | undefined;
  declare tableOpen: boolean;
  declare progress: ExportProgress | undefined;
  declare isNear: boolean;
  #pane: ChartPane | undefined;
  #observer: IntersectionObserver | undefined;
  #listener: Disposable | undefined;
  #messageTimer: ReturnType<typeof setTimeout> | undefined;

  get tag(): string {
    return this.card.tag;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'listitem');
    this.#observer = new IntersectionObserver((entries) => this.#onNear(entries), { rootMargin: NEAR });
    this.#observer.observe(this);
    this.#listener = this.context.model.onChanged(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
    this.#listener?.dispose();
    clearTimeout(this.#messageTimer);
    this.#endPane();
  }

  invalidate(runId: string, replaced: boolean): void {
    if (!this.card.runIds.some((id) => id === runId)) return;
    if (replaced) this.#pane?.data.reset();
    else this.#pane?.data.invalidate();
  }

  retry(): void {
    this.#pane?.data.retry();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render() {
    const { tag, definition, versions } = this.card;
    const lines = this.#lines();
    const isChanged = this.#pane?.view.yWindow !== undefined;
    return html`<section class="card ${this.isFull ? 'full' : ''}" aria-label=${tag}>
      <header>
        <h3 title=${[tag, definition?.description].filter(Boolean).join('\n')}>${this.card.isSystem ? tag : shortName(tag)}${
          definition === undefined || definition.unit === ''
            ? nothing
            : html`<span class="unit">${definition.unit}</span>`
        }</h3>
        ${versions.length > 1 ? html`<span class="badge" title="The runs define this metric differently (versions ${versions.join(', ')}): their values are not comparable.">versions ${versions.join(', ')}</span>` : nothing}
        <span class="actions">
          ${isChanged ? iconButton({ label: 'Fit the values again', icon: icon('reset'), onClick: () => this.#fitValues() }) : nothing}
          ${iconButton({ label: 'Table of values', icon: icon('table'), pressed: this.tableOpen === true, onClick: () => this.#toggleTable() })}
          ${iconButton({ label: 'Save picture (PNG)', icon: icon('image'), onClick: () => void this.#savePng(lines) })}
          ${iconButton({ label: 'Save points (CSV)', icon: icon('csv'), onClick: () => void this.#saveCsv(lines) })}
          ${iconButton({ label: this.isFull ? 'Back to all charts' : 'Full size', icon: icon(this.isFull ? 'collapse' : 'expand'), className: 'full-size', onClick: () => this.toggleFull() })}
        </span>
      </header>
      <div class="plot" tabindex="0" role="application" aria-roledescription="chart" aria-label=${this.#label(lines)}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event)}></div>
      ${this.#overChart(lines)}
      <footer>${this.#footer()}</footer>
      ${this.tableOpen === true ? html`<ty-value-table .tag=${tag} .lines=${lines} .context=${this.context}></ty-value-table>` : nothing}
    </section>`;
  }

  protected override updated(): void {
    if (this.isNear !== true) {
      this.#endPane();
      return;
    }
    const request = this.#request();
    if (this.#pane !== undefined) {
      this.#pane.configure(request);
      return;
    }
    const element = this.querySelector<HTMLElement>('.plot');
    if (element === null || element.clientWidth === 0) return;
    const pane = this.#hasOwnTime ? this.context.timePane : this.context.pane;
    this.#pane = new ChartPane(element, pane, request, (state) => {
      this.state = state;
    });
    this.context.cards.add(this);
  }

  /** Fills the panel with this chart, or goes back. */
  toggleFull(): void {
    this.context.model.update({ fullSize: this.isFull ? null : this.tag });
  }

  /** Steps of a figure of the machine only count its samples, so it is drawn over time even where the others are not. */
  get #hasOwnTime(): boolean {
    return this.card.isSystem && this.context.model.state.axis === 'step';
  }

  #endPane(): void {
    this.context.cards.delete(this);
    this.#pane?.dispose();
    this.#pane = undefined;
  }

  #onNear(entries: readonly IntersectionObserverEntry[]): void {
    const last = entries[entries.length - 1];
    if (last !== undefined) this.isNear = last.isIntersecting;
  }

  #lines(): LineSpec[] {
    const { drawn, names, styles } = this.context.model.picture;
    const colours = this.context.theme().lines;
    return this.card.runIds
      .filter((id) => drawn.has(id))
      .map((id) => {
        const style = styles.get(id) ?? { colour: 0, dash: 0 };
        return { runId: id, label: names.get(id) ?? id, colour: colours[style.colour]!, dash: DASHES[style.dash]! };
      });
  }

  #request(): PaneRequest {
    const { state } = this.context.model;
    const lines = this.#lines();
    const { logY, smoothing } = state;
    const axis = this.#hasOwnTime ? 'relative' : state.axis;
    const logX = state.logX && !this.#hasOwnTime;
    const runIds = this.card.runIds.filter((id) => lines.some((line) => line.runId === id));
    const { columnBudget } = this.context;
    return { tag: this.tag, runIds, axis, logX, logY, smoothing, lines, theme: this.context.theme(), columnBudget };
  }

  #label(lines: readonly LineSpec[]): string {
    return `${this.tag}, ${plural(lines.length, 'run')}. Arrow keys move the cursor, plus and minus zoom, 0 shows everything, Enter fills the panel.`;
  }

  #overChart(lines: readonly LineSpec[]) {
    const data = this.state?.data;
    if (lines.length === 0) return html`<div class="over">All runs of this chart are hidden.</div>`;
    if (data?.kind === 'failed') {
      return html`<div class="over error" role="alert"><span>${icon('warning')} ${data.message} ${data.hint ?? ''}</span>
        ${button({ label: 'Try again', onClick: () => this.retry() })}</div>`;
    }
    if (data === undefined || data.kind === 'loading') return html`<div class="over loading">${progressRing()}</div>`;
    if (this.state?.total === 0) return html`<div class="over">No points yet.</div>`;
    return nothing;
  }

  #footer() {
    const { state, progress } = this;
    if (progress !== undefined && progress.text !== '') {
      const stop = progress.stop === undefined ? nothing : button({ label: 'Stop', onClick: progress.stop });
      return html`<span class=${progress.failed === true ? 'error' : ''} role="status">${progress.text}</span>${stop}`;
    }
    if (state === undefined || state.data.kind !== 'ready') return html`<span>&nbsp;</span>`;
    const notFinite =
      state.nonFinite === 0
        ? nothing
        : html`<span class="warn" title="NaN or infinite values are counted, and marked with a cross at the bottom, not drawn.">${icon('warning')} ${formatCount(state.nonFinite)} not finite</span>`;
    return html`<span class="shown" title="Points drawn out of all points logged. Every least and greatest value is among those drawn; zooming shows the others.">${formatCount(state.shown)} of ${plural(state.total, 'point')}</span>${notFinite}`;
  }

  #fitValues(): void {
    if (this.#pane !== undefined) this.#pane.view.yWindow = undefined;
    this.requestUpdate();
  }

  #toggleTable(): void {
    this.tableOpen = this.tableOpen !== true;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.toggleFull();
    else if (event.key === 'Escape' && this.isFull) this.toggleFull();
    else if (event.key === 't') this.#toggleTable();
    else return;
    event.preventDefault();
  }

  async #savePng(lines: readonly LineSpec[]): Promise<void> {
    const chart = this.#pane?.picture();
    if (chart !== undefined) this.#finish(await exportPng(this.context, chart, this.tag, lines));
  }

  async #saveCsv(lines: readonly LineSpec[]): Promise<void> {
    const show = (progress: ExportProgress) => {
      this.progress = progress;
    };
    this.#finish(await exportCsv(this.context, this.tag, lines, show));
  }

  #finish(result: ExportProgress): void {
    this.progress = result;
    clearTimeout(this.#messageTimer);
    if (result.failed === true) return;
    this.#messageTimer = setTimeout(() => {
      this.progress = undefined;
    }, MESSAGE_MS);
  }
}
