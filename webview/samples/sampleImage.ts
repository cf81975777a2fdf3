import { html, nothing } from 'lit';
import type { MediaRecord } from '../../src/domain/records.ts';
import { icon } from '../shared/icons.ts';
import type { ImageStore } from './imageStore.ts';
import { NearElement } from './nearElement.ts';

/** One image. */
export class SampleImage extends NearElement {
  static override properties = {
    ...NearElement.properties,
    store: { attribute: false },
    url: { state: true },
  };

  declare store: ImageStore;
  declare url: string | undefined;

  protected override wanted(): MediaRecord {
    return this.record;
  }

  protected override async read(): Promise<() => void> {
    const url = await this.store.url(this.runId, this.record);
    return () => {
      this.url = url;
    };
  }

  /** The store gave the address back, because many others were shown since: ask for it again. */
  #onBroken(): void {
    if (this.url === undefined || !this.isAsked) return;
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
