import { html, type TemplateResult } from 'lit';
import type { Content } from './contentStore.ts';
import { ContentView } from './contentView.ts';

/** Sound or film of one step, in the browser's own player. Its address is given back when another value takes its place, and at the end. */
export class PlayerView extends ContentView<string> {
  #url: string | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#giveBack();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // A view that comes back has given its address back.
    if (this.value !== undefined && this.#url === undefined) this.forget();
  }

  protected override understand({ bytes, mime }: Content): string {
    this.#giveBack();
    this.#url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime }));
    return this.#url;
  }

  protected override template(url: string): TemplateResult {
    const failed = () => {
      this.problem = `It cannot be played: the browser inside VS Code does not know ${this.record.mime}, or the file is damaged.`;
    };
    // W&B keeps films as animated GIF unless it is told otherwise (sdk/data_types/video.py), and no player plays those.
    if (this.record.mime.startsWith('image/'))
      return html`<img src=${url} alt=${this.label} draggable="false" @error=${failed} />`;
    return this.record.kind === 'video'
      ? html`<video controls loop muted playsinline preload="metadata" src=${url} aria-label=${this.label} @error=${failed}></video>`
      : html`<audio controls preload="metadata" src=${url} aria-label=${this.label} @error=${failed}></audio>`;
  }

  #giveBack(): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
