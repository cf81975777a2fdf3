import { html, LitElement, type TemplateResult } from 'lit';
import { describeError } from '../../../src/base/errors.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import { icon } from '../../shared/icons.ts';
import { type Content, type ContentStore, contentKey } from './contentStore.ts';

/** Values this close to the visible part are read before they are seen. */
const NEAR = '400px';

/**
 * One value that is no picture. It is read when it comes near the screen; the value before stays until the next one is there, so that scrubbing does not
 * flicker. What is read is given to `show`, which may throw: then the value is said to be damaged.
 */
export abstract class ContentView<T> extends LitElement {
  static override properties = {
    store: { attribute: false },
    runId: { attribute: false },
    record: { attribute: false },
    label: { attribute: false },
    cell: { attribute: false },
    value: { state: true },
    problem: { state: true },
    isNear: { state: true },
  };

  declare store: ContentStore;
  declare runId: RunId;
  declare record: MediaRecord;
  /** What it is, for screen readers. */
  declare label: string;
  /** File of the picture in a cell of the table that the record is, where that is wanted. */
  declare cell: string | undefined;
  declare value: T | undefined;
  declare problem: string | undefined;
  declare isNear: boolean;
  /** Key of the value that was asked for: while it stays the same, a sound plays on. */
  #asked: string | undefined;
  #observer: IntersectionObserver | undefined;

  /** Makes of the bytes what the template draws. Throws where they are damaged. */
  protected abstract understand(content: Content): T;
  protected abstract template(value: T): TemplateResult;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.isNear = entries[entries.length - 1]?.isIntersecting === true;
      },
      { rootMargin: NEAR },
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

  /** Reads the value again when it is next near the screen. */
  protected forget(): void {
    this.#asked = undefined;
    this.value = undefined;
  }

  protected override updated(): void {
    if (!this.isNear) return;
    const key = contentKey(this.runId, this.record, this.cell);
    if (this.#asked !== key) void this.#load(key);
  }

  async #load(key: string): Promise<void> {
    this.#asked = key;
    try {
      const content = await this.store.content(this.runId, this.record, this.cell);
      if (this.#asked !== key) return;
      this.value = this.understand(content);
      this.problem = undefined;
    } catch (error) {
      if (this.#asked === key) this.problem = describeError(error);
    }
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
