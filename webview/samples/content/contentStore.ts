import type { RunId } from '../../../src/domain/ids.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import type { ReadMedia } from '../imageStore.ts';

/** A value as it came: of one of the types that panels know (src/domain/mediaContent.ts), or of its own. */
export interface Content {
  readonly mime: string;
  readonly bytes: Uint8Array;
}

const AT_ONCE = 6;
const MOST_BYTES = 64_000_000;

/** Values of runs that are no pictures, read a few at a time. Keeps those used last, up to a number of bytes. */
export class ContentStore {
  readonly #read: ReadMedia;
  readonly #mostBytes: number;
  /** In the order of use, oldest first. */
  readonly #kept = new Map<string, Content>();
  readonly #asked = new Map<string, Promise<Content>>();
  #waiting: (() => void)[] = [];
  #running = 0;
  #bytes = 0;

  constructor(read: ReadMedia, mostBytes = MOST_BYTES) {
    this.#read = read;
    this.#mostBytes = mostBytes;
  }

  /** The value, or the picture in a cell of a table. A failure is not remembered: the next call tries again. */
  content(runId: RunId, record: MediaRecord, cell?: string): Promise<Content> {
    const key = contentKey(runId, record, cell);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return Promise.resolve(kept);
    }
    const asked = this.#asked.get(key) ?? this.#load(key, runId, record, cell);
    this.#asked.set(key, asked);
    return asked;
  }

  async #load(key: string, runId: RunId, record: MediaRecord, cell: string | undefined): Promise<Content> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      const content = await this.#read(runId, record, cell);
      this.#keep(key, content);
      return content;
    } finally {
      this.#running--;
      this.#asked.delete(key);
      this.#waiting.shift()?.();
    }
  }

  #keep(key: string, content: Content): void {
    this.#kept.set(key, content);
    this.#bytes += content.bytes.length;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#mostBytes || oldest === key) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}

/** What tells one value from all others. Records are made anew each time a run's list is asked for, so they are not the same objects. */
export function contentKey(runId: RunId, record: MediaRecord, cell?: string): string {
  return JSON.stringify([runId, record.tag, record.step, record.index, record.wallTime, cell]);
}

/** The tree in a value of one of our own types. Throws where it is none. */
export function treeOf<T>({ bytes }: Content): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}

export function textOf({ bytes }: Content): string {
  return new TextDecoder().decode(bytes);
}
