import type { Disposable } from '../../src/base/disposables.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';

/** `cell`: the picture of that file in a cell of the table that the record is. */
export type ReadMedia = (
  runId: RunId,
  record: MediaRecord,
  cell?: string,
) => Promise<{ readonly mime: string; readonly bytes: Uint8Array }>;

/** The makers of addresses for bytes; the browser's, or a test's. */
export interface UrlMaker {
  create(blob: Blob): string;
  revoke(url: string): void;
}

const browserUrls: UrlMaker = {
  create: (blob) => URL.createObjectURL(blob),
  revoke: (url) => URL.revokeObjectURL(url),
};

const MOST_IMAGES = 400;

/** Images as addresses that an `<img>` can show. Keeps those used last; what falls out, and everything at the end, is given back to the browser. */
export class ImageStore implements Disposable {
  readonly #read: ReadMedia;
  readonly #urls: UrlMaker;
  readonly #most: number;
  /** In the order of use, oldest first. */
  readonly #images = new Map<string, Promise<string>>();

  constructor(read: ReadMedia, urls: UrlMaker = browserUrls, most = MOST_IMAGES) {
    this.#read = read;
    this.#urls = urls;
    this.#most = most;
  }

  /** The image's address. A failure is not remembered: the next call tries again. */
  url(runId: RunId, record: MediaRecord): Promise<string> {
    const key = JSON.stringify([runId, record.tag, record.step, record.index, record.wallTime]);
    const kept = this.#images.get(key);
    if (kept !== undefined) {
      this.#images.delete(key);
      this.#images.set(key, kept);
      return kept;
    }
    const image = this.#load(runId, record);
    this.#images.set(key, image);
    image.catch(() => this.#images.delete(key));
    this.#shrink();
    return image;
  }

  dispose(): void {
    for (const image of this.#images.values()) this.#giveBack(image);
    this.#images.clear();
  }

  async #load(runId: RunId, record: MediaRecord): Promise<string> {
    const { mime, bytes } = await this.#read(runId, record);
    return this.#urls.create(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime }));
  }

  #shrink(): void {
    for (const [key, image] of this.#images) {
      if (this.#images.size <= this.#most) return;
      this.#images.delete(key);
      this.#giveBack(image);
    }
  }

  #giveBack(image: Promise<string>): void {
    image.then(
      (url) => this.#urls.revoke(url),
      () => {},
    );
  }
}
