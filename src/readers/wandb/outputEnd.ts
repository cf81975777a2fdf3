/** A traceback that is longer is not read to its beginning. */
const longestEnd = 8192;
/** So much is kept where there is no traceback, since one may begin within it. */
const shortestEnd = 64;

const traceback = 'Traceback (most recent call last)';

/** Remembers what a program printed last, piece by piece. */
export class OutputEnd {
  #text: string;

  constructor(known: string) {
    this.#text = known;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > 2 * longestEnd) this.#text = this.#text.slice(-longestEnd);
  }

  /** From the first traceback on. */
  get text(): string {
    const end = this.#text.slice(-longestEnd);
    const start = end.indexOf(traceback);
    return start < 0 ? end.slice(-shortestEnd) : end.slice(start);
  }
}
