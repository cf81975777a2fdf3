import { html, type TemplateResult } from 'lit';
import type { Content } from './contentStore.ts';
import { ContentView } from './contentView.ts';

/** A picture in a cell of a table, as high as the row. Its address is given back when the row goes. */
export class CellImage extends ContentView<string> {
  #url: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    // A view that comes back has given its address back.
    if (this.value !== undefined && this.#url === undefined) this.forget();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#giveBack();
  }

  protected override understand({ bytes, mime }: Content): string {
    this.#giveBack();
    this.#url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime }));
    return this.#url;
  }

  protected override template(url: string): TemplateResult {
    const failed = () => {
      this.problem = 'It cannot be shown.';
    };
    return html`<img src=${url} alt=${this.label} title=${this.label} draggable="false" @error=${failed} />`;
  }

  #giveBack(): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
