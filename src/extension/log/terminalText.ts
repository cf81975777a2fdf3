/** How the text on show must change: more at its end, or all of it anew. */
export type TextChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'append'; readonly text: string }
  | { readonly kind: 'replace'; readonly text: string };

/**
 * What a terminal would show of a program's output, as plain text that grows. A carriage return goes back to the line's beginning, so that a progress
 * bar takes one line that changes; colours and other control sequences are taken out (ECMA-48 §5.4). Only the last `limit` characters are kept.
 */
export class TerminalText {
  readonly #limit: number;
  #kept = '';
  /** The unfinished last line as received, with its carriage returns. */
  #pending = '';
  /** What the display shows of the unfinished line. */
  #shownTail = '';
  #shown = 0;
  #cut = false;

  constructor(limit = 400_000) {
    this.#limit = limit;
  }

  /** The whole text as it should stand now. */
  get text(): string {
    return this.#kept + collapseLine(this.#pending);
  }

  /** Whether text at the beginning was given up. */
  get isCut(): boolean {
    return this.#cut;
  }

  /** Takes output as it came, cut anywhere, and says how the display follows. */
  feed(output: string): TextChange {
    const received = this.#pending + output;
    // An escape sequence may be cut in its middle; it waits until the rest has come.
    const lastBreak = received.lastIndexOf('\n');
    const finished = received
      .slice(0, lastBreak + 1)
      .split('\n')
      .slice(0, -1)
      .map((line) => `${collapseLine(line)}\n`)
      .join('');
    this.#pending = shortened(received.slice(lastBreak + 1));
    this.#kept += finished;
    const tail = collapseLine(this.#pending);
    const next = finished + tail;
    const previous = this.#shownTail;
    this.#shownTail = tail;
    if (next.startsWith(previous)) return this.#grow(next.slice(previous.length));
    return this.#replace();
  }

  #grow(text: string): TextChange {
    if (text === '') return { kind: 'none' };
    this.#shown += text.length;
    // Trimming rewrites everything, so it waits until twice the limit is on show.
    if (this.#shown > 2 * this.#limit) return this.#replace();
    return { kind: 'append', text };
  }

  #replace(): TextChange {
    if (this.#kept.length > this.#limit) {
      const from = this.#kept.indexOf('\n', this.#kept.length - this.#limit) + 1;
      this.#kept = this.#kept.slice(from);
      this.#cut = true;
    }
    const { text } = this;
    this.#shown = text.length;
    return { kind: 'replace', text };
  }
}

/** The line that is left when every return, backspace and erasure has had its effect: what comes later overwrites, as in a terminal. */
export function collapseLine(line: string): string {
  const pieces = stripControls(line).split(motions);
  if (pieces.length === 1) return pieces[0]!;
  let shown = '';
  let column = 0;
  for (const piece of pieces) {
    const motion = piece.length <= 4 ? effects[piece] : undefined;
    if (motion === undefined) {
      shown = shown.slice(0, column).padEnd(column) + piece + shown.slice(column + piece.length);
      column += piece.length;
    } else ({ shown, column } = motion(shown, column));
  }
  return shown.trimEnd();
}

const ESC = '\u001b';

type Effect = (shown: string, column: number) => { readonly shown: string; readonly column: number };

/** What moves within a line: carriage return, backspace, erase-in-line (ECMA-48 §8.3.41). */
const effects: { readonly [sequence: string]: Effect } = {
  '\r': (shown) => ({ shown, column: 0 }),
  '\b': (shown, column) => ({ shown, column: Math.max(0, column - 1) }),
  [`${ESC}[K`]: eraseToEnd,
  [`${ESC}[0K`]: eraseToEnd,
  [`${ESC}[1K`]: (shown, column) => ({ shown: shown.slice(column).padStart(Math.max(shown.length, column)), column }),
  [`${ESC}[2K`]: (_shown, column) => ({ shown: '', column }),
};

function eraseToEnd(shown: string, column: number): { shown: string; column: number } {
  return { shown: shown.slice(0, column), column };
}

const motions = new RegExp(`(\\r|[\\b]|${ESC}\\[[012]?K)`.replaceAll(ESC, '\\u001b'));

/** Control sequences without an effect here; OSC sequences end with BEL or ST. One that is cut off at the end is left out too. */
const controls = new RegExp(
  [
    '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\|$)',
    '(?!\\u001b\\[[012]?K)(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*(?:[@-~]|$)',
    '\\u001b(?!\\[[012]?K)[@-Z\\\\^_]?',
    '[\\u0000-\\u0007\\u000b\\u000c\\u000e-\\u001a\\u001c-\\u001f\\u007f]',
  ].join('|'),
  'g',
);

function stripControls(text: string): string {
  return text.replace(controls, '');
}

/** A bar that is redrawn a thousand times without a line's end needs only its last drawings. */
function shortened(line: string): string {
  if (line.length < 20_000) return line;
  const from = line.indexOf('\r', line.length - 10_000);
  return from < 0 ? line : line.slice(from);
}
