import { html, LitElement, nothing } from 'lit';
import { iconButton } from '../shared/controls.ts';
import { formatStep } from '../shared/format.ts';
import { icon } from '../shared/icons.ts';
import type { ImageStore } from './imageStore.ts';
import type { SampleCell } from './picture.ts';

/** What the full-size view shows: an image among the cells of its tag. */
export interface FullSizeView {
  readonly cells: readonly SampleCell[];
  readonly cell: number;
  readonly item: number;
}

const ZOOM = 1.5;

/** One image as large as the panel allows. Left and right change the step, up and down the run; plus and minus zoom, Escape goes back. */
export class FullSize extends LitElement {
  static override properties = {
    view: { attribute: false },
    names: { attribute: false },
    store: { attribute: false },
    zoom: { state: true },
  };

  declare view: FullSizeView;
  declare names: ReadonlyMap<string, string>;
  declare store: ImageStore;
  /** Against fitting the panel. */
  declare zoom: number;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.zoom = 1;
  }

  protected override firstUpdated(): void {
    this.querySelector('dialog')?.showModal();
  }

  protected override render() {
    const { cells, cell, item } = this.view;
    const shown = cells[cell];
    const record = shown?.items[item] ?? shown?.items[0];
    if (shown === undefined) return nothing;
    const name = this.names.get(shown.runId) ?? shown.runId;
    const title = `${name}, ${shown.tag}, ${shown.step === undefined ? 'no image yet' : `step ${formatStep(shown.step)}`}`;
    return html`<dialog class="full-size" aria-label=${title} @close=${() => this.#tell('close-full')} @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <header><span class="title">${title}${shown.items.length > 1 ? ` (${item + 1} of ${shown.items.length})` : ''}</span>
        ${iconButton({ label: 'Earlier step (left arrow)', icon: icon('previous'), onClick: () => this.#tell('move-step', -1) })}
        ${iconButton({ label: 'Later step (right arrow)', icon: icon('next'), onClick: () => this.#tell('move-step', 1) })}
        <output>${Math.round(this.zoom * 100)} %</output>
        ${iconButton({ label: 'Close (Escape)', icon: icon('close'), onClick: () => this.querySelector('dialog')?.close() })}
      </header>
      <div class="stage" @wheel=${(event: WheelEvent) => this.#onWheel(event)}>
        ${
          record === undefined
            ? html`<p>This run has no image this early.</p>`
            : html`<ty-sample-image .style=${`--zoom:${this.zoom}`} .store=${this.store} .runId=${shown.runId} .record=${record} .label=${record.caption ?? title}></ty-sample-image>`
        }
      </div>
      ${record?.caption === undefined ? nothing : html`<footer>${record.caption}</footer>`}
    </dialog>`;
  }

  #onWheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }

  #onKey(event: KeyboardEvent): void {
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#tell('move-step', -1),
      ArrowRight: () => this.#tell('move-step', 1),
      ArrowUp: () => this.#tell('move-run', -1),
      ArrowDown: () => this.#tell('move-run', 1),
      '+': () => this.#zoomBy(ZOOM),
      '=': () => this.#zoomBy(ZOOM),
      '-': () => this.#zoomBy(1 / ZOOM),
      '0': () => this.#zoomBy(1 / this.zoom),
    };
    const handle = keys[event.key];
    if (handle === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    handle();
  }

  #zoomBy(factor: number): void {
    this.zoom = Math.max(0.25, Math.min(16, this.zoom * factor));
  }

  #tell(type: string, detail?: number): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }
}
