import { Emitter } from '../../src/base/emitter.ts';
import { type Range, unite } from './range.ts';

/** Where the cursor is, and which chart has it: that one shows the values, the others a line. */
export interface Cursor {
  readonly x: number;
  readonly owner: object;
  /** Pixel height of the pointer in the owner's chart, to find the nearest line; undefined for a keyboard's cursor. */
  readonly pixelY: number | undefined;
}

/** What all charts of a panel have in common: the window on x, the cursor, and the runs that lists highlight. Charts listen and redraw. */
export class SharedView {
  readonly #windowChanged = new Emitter<{ moving: boolean }>();
  readonly #cursorChanged = new Emitter<void>();
  readonly #extents = new Map<object, Range>();
  #window: Range | undefined;
  #cursor: Cursor | undefined;
  #highlighted: string | undefined;

  readonly onWindow = this.#windowChanged.event;
  readonly onCursor = this.#cursorChanged.event;

  /** Undefined: each chart shows all of its data. */
  get window(): Range | undefined {
    return this.#window;
  }

  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  get highlighted(): string | undefined {
    return this.#highlighted;
  }

  /** The range of all charts' data: zooming and panning stay inside. */
  get limits(): Range | undefined {
    let all: Range | undefined;
    for (const extent of this.#extents.values()) all = unite(all, extent);
    return all;
  }

  setExtent(owner: object, extent: Range | undefined): void {
    if (extent === undefined) this.#extents.delete(owner);
    else this.#extents.set(owner, extent);
  }

  /** @param moving a gesture goes on: charts draw coarser where they must */
  setWindow(window: Range | undefined, moving: boolean): void {
    this.#window = window;
    this.#windowChanged.fire({ moving });
  }

  setCursor(cursor: Cursor | undefined): void {
    if (cursor === undefined && this.#cursor === undefined) return;
    this.#cursor = cursor;
    this.#cursorChanged.fire();
  }

  highlight(runId: string | undefined): void {
    if (this.#highlighted === runId) return;
    this.#highlighted = runId;
    this.#cursorChanged.fire();
  }
}
