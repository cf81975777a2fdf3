import { html, LitElement, nothing } from 'lit';
import type { RunId } from '../../src/domain/ids.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { iconButton } from '../shared/controls.ts';
import { icon } from '../shared/icons.ts';
import { visibleRows } from '../shared/virtualRows.ts';
import type { MetricsContext } from './context.ts';

const ROW = 26;

/** The runs: what each looks like in the charts, and which are drawn. Only the rows in sight exist, so thousands are no burden. */
export class RunList extends LitElement {
  static override properties = {
    context: { attribute: false },
    picture: { attribute: false },
    scrolled: { state: true },
    height: { state: true },
    active: { state: true },
  };

  declare context: MetricsContext;
  /** Changes whenever the model does. */
  declare picture: object;
  declare scrolled: number;
  declare height: number;
  declare active: number;
  #observer: ResizeObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.scrolled = 0;
    this.height = 400;
    this.active = 0;
    this.#observer = new ResizeObserver(() => {
      this.height = this.querySelector('.rows')?.clientHeight ?? 400;
    });
    void this.updateComplete.then(() => {
      const rows = this.querySelector('.rows');
      if (rows !== null) this.#observer?.observe(rows);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render() {
    const { listed, drawn } = this.context.model.picture;
    const { first, end } = visibleRows(this.scrolled, this.height, ROW, listed.length);
    const active = Math.min(this.active, listed.length - 1);
    return html`<div class="rows" role="listbox" aria-label="Runs" aria-multiselectable="true" tabindex="0"
      aria-activedescendant=${active >= first && active < end ? `run-${active}` : nothing}
      @scroll=${(event: Event) => this.#onScroll(event)} @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      @pointerleave=${() => this.#highlight(undefined)}
      @blur=${() => this.#highlight(undefined)}>
      <div class="spacer" .style=${`height:${listed.length * ROW}px`}>
        ${listed.slice(first, end).map((run, i) => this.#row(run, first + i, drawn.has(run.id), first + i === active))}
      </div>
    </div>`;
  }

  #row(run: RunSummary, index: number, isDrawn: boolean, isActive: boolean) {
    const { model } = this.context;
    const { styles, state } = model.picture;
    const style = styles.get(run.id) ?? { colour: 0, dash: 0 };
    const isIsolated = state.isolated === run.id;
    const classes = `row ${isDrawn ? '' : 'hidden-run'} ${isActive ? 'active' : ''} ${isIsolated ? 'isolated' : ''}`;
    return html`<div class=${classes} id="run-${index}" role="option" aria-selected=${isDrawn} .style=${`top:${index * ROW}px`}
      title=${`${run.name}\n${run.status}: ${run.statusReason}\nClick to isolate`}
      @pointerenter=${() => this.#highlight(isDrawn ? run.id : undefined)}
      @click=${() => this.#isolate(run.id, index)}>
      <svg class="swatch line-${style.colour}" viewBox="0 0 20 8" width="20" height="8" aria-hidden="true"><path class="dash-${style.dash}" d="M0 4H20"/></svg>
      <span class="name">${run.name}</span>
      ${run.status === 'finished' ? nothing : html`<span class="status status-${run.status}">${run.status}</span>`}
      ${iconButton({
        label: isDrawn ? `Hide ${run.name}` : `Show ${run.name}`,
        icon: icon(isDrawn ? 'eye' : 'eyeOff'),
        className: 'eye',
        pressed: isDrawn,
        onClick: (event) => {
          event.stopPropagation();
          model.toggleHidden(run.id);
        },
      })}
    </div>`;
  }

  #isolate(runId: RunId, index: number): void {
    this.active = index;
    this.context.model.toggleIsolated(runId);
    const { state, names } = this.context.model.picture;
    this.context.pane.announce(state.isolated === null ? 'All runs are drawn' : `Only ${names.get(runId)} is drawn`);
  }

  #onScroll(event: Event): void {
    this.scrolled = (event.target as HTMLElement).scrollTop;
  }

  #onKey(event: KeyboardEvent): void {
    const { listed } = this.context.model.picture;
    const last = listed.length - 1;
    const page = Math.max(1, Math.floor(this.height / ROW) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: last,
    };
    const to = moves[event.key];
    const run = listed[Math.min(this.active, last)];
    if (to !== undefined) this.#moveTo(Math.max(0, Math.min(last, to)));
    else if (event.key === ' ' && run !== undefined) this.context.model.toggleHidden(run.id);
    else if (event.key === 'Enter' && run !== undefined) this.#isolate(run.id, Math.min(this.active, last));
    else return;
    event.preventDefault();
  }

  #moveTo(index: number): void {
    this.active = index;
    const rows = this.querySelector('.rows');
    if (rows !== null) {
      const top = index * ROW;
      if (top < rows.scrollTop) rows.scrollTop = top;
      else if (top + ROW > rows.scrollTop + rows.clientHeight) rows.scrollTop = top + ROW - rows.clientHeight;
    }
    const { listed, drawn } = this.context.model.picture;
    const run = listed[index];
    this.#highlight(run !== undefined && drawn.has(run.id) ? run.id : undefined);
  }

  /** In the charts of both axes. */
  #highlight(runId: RunId | undefined): void {
    for (const { shared } of [this.context.pane, this.context.timePane]) shared.highlight(runId);
  }
}
