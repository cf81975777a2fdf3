import { html, LitElement, nothing } from 'lit';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';
import { icon } from '../shared/icons.ts';
import type { ImageStore } from './imageStore.ts';

/** One image. It is read when it comes near the screen, and the one before stays until the next one is there, so that scrubbing does not flicker. */
export class SampleImage extends LitElement {
  static override properties = {
    store: { attribute: false },
    runId: { attribute: false },
    record: { attribute: false },
    label: { attribute: false },
    url: { state: true },
    problem: { state: true },
    isNear: { state: true },
  };

  declare store: ImageStore;
  declare runId: RunId;
  declare record: MediaRecord;
  declare label: string;
  declare url: string | undefined;
  declare problem: string | undefined;
  declare isNear: boolean;
  #asked: MediaRecord | undefined;
  #observer: IntersectionObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.isNear = entries[entries.length - 1]?.isIntersecting === true;
      },
      { rootMargin: '400px' },
    );
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override updated(): void {
    if (this.isNear && this.#asked !== this.record) void this.#load(this.record);
  }

  async #load(record: MediaRecord): Promise<void> {
    this.#asked = record;
    try {
      const url = await this.store.url(this.runId, record);
      if (this.#asked !== record) return;
      this.url = url;
      this.problem = undefined;
    } catch (error) {
      if (this.#asked === record) this.problem = describeError(error);
    }
  }

  /** The store gave the address back, because many others were shown since: ask for it again. */
  #onBroken(): void {
    if (this.url === undefined || this.#asked !== this.record) return;
    this.url = undefined;
    this.problem = 'The image cannot be shown: its file is damaged, or of a kind that this panel does not know.';
  }

  protected override render() {
    if (this.problem !== undefined) {
      return html`<span class="broken" title=${this.problem} role="img" aria-label=${`${this.label}: ${this.problem}`}>${icon('warning')}</span>`;
    }
    return this.url === undefined
      ? html`<span class="waiting"></span>`
      : html`<img src=${this.url} alt=${this.label} draggable="false" @error=${() => this.#onBroken()} />${nothing}`;
  }
}
