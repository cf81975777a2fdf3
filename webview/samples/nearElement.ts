import { LitElement } from 'lit';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';

/** Values this close to the visible part are read before they are seen. */
const NEAR = '400px';

/**
 * One value of a run, in the light DOM. It is read when it comes near the screen; what was there before stays until the next one is there, so that scrubbing
 * does not flicker.
 */
export abstract class NearElement extends LitElement {
  static override properties = {
    runId: { attribute: false },
    record: { attribute: false },
    label: { attribute: false },
    problem: { state: true },
    isNear: { state: true },
  };

  declare runId: RunId;
  declare record: MediaRecord;
  /** What it is, for screen readers. */
  declare label: string;
  declare problem: string | undefined;
  declare isNear: boolean;
  /** Key of the value that was asked for last. */
  #asked: unknown;
  #observer: IntersectionObserver | undefined;

  /** What tells the value that is wanted from others: while it stays the same, nothing is read again. */
  protected abstract wanted(): unknown;
  /** Reads the value, and gives what takes it in. Both may throw: the sentence is shown in the value's place. */
  protected abstract read(): Promise<() => void>;

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

  protected override updated(): void {
    if (!this.isNear) return;
    const key = this.wanted();
    if (this.#asked !== key) void this.#load(key);
  }

  /** Whether what is shown, or being read, is what is wanted. */
  protected get isAsked(): boolean {
    return this.#asked === this.wanted();
  }

  /** Reads the value again when it is next near the screen. */
  protected readAgain(): void {
    this.#asked = undefined;
  }

  async #load(key: unknown): Promise<void> {
    this.#asked = key;
    try {
      const take = await this.read();
      if (this.#asked !== key) return;
      take();
      this.problem = undefined;
    } catch (error) {
      if (this.#asked === key) this.problem = describeError(error);
    }
  }
}
