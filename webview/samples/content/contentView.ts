import { html, type TemplateResult } from 'lit';
import { icon } from '../../shared/icons.ts';
import { NearElement } from '../nearElement.ts';
import { type Content, type ContentStore, contentKey } from './contentStore.ts';

/** One value that is no picture. What is read is given to `understand`, which may throw: then the value is said to be damaged. */
export abstract class ContentView<T> extends NearElement {
  static override properties = {
    ...NearElement.properties,
    store: { attribute: false },
    cell: { attribute: false },
    value: { state: true },
  };

  declare store: ContentStore;
  /** File of the picture in a cell of the table that the record is, where that is wanted. */
  declare cell: string | undefined;
  declare value: T | undefined;

  /** Makes of the bytes what the template draws. Throws where they are damaged. */
  protected abstract understand(content: Content): T;
  protected abstract template(value: T): TemplateResult;

  /** While the key stays the same, a sound plays on. */
  protected override wanted(): string {
    return contentKey(this.runId, this.record, this.cell);
  }

  protected override async read(): Promise<() => void> {
    const content = await this.store.content(this.runId, this.record, this.cell);
    return () => {
      this.value = this.understand(content);
    };
  }

  /** Reads the value again when it is next near the screen. */
  protected forget(): void {
    this.readAgain();
    this.value = undefined;
  }

  protected override render(): TemplateResult {
    if (this.problem !== undefined) {
      return html`<p class="note error" role="alert">${icon('warning')} ${this.problem}</p>`;
    }
    return this.value === undefined
      ? html`<span class="waiting-line" aria-busy="true"></span>`
      : this.template(this.value);
  }
}
