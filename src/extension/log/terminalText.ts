/**
 * What a terminal would show of a program's output, as plain text that grows. A carriage return goes back to the line's beginning, so that a progress
 * bar takes one line that changes; colours and other control sequences are taken out (ECMA-48 §5.4). Only the last `limit` characters are kept.
 */
export class TerminalText {
  readonly #limit: number;
  #finished = '';
  /** The unfinished last line as received, with its returns and control sequences. */
  #pending = '';
  #isCut = false;

  constructor(limit = 400_000) {
    this.#limit = limit;
  }

  /** The whole text as it stands now. */
  get text(): string {
    return this.#finished + collapseLine(this.#pending);
  }

  /** Whether text at the beginning was given up. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Takes output as it came, cut anywhere. */
  feed(output: string): void {
    const lines = (this.#pending + output).split('\n');
    this.#pending = shortened(lines.pop() ?? '');
    this.#finished += lines.map((line) => `${collapseLine(line)}\n`).join('');
    // Cutting costs a copy, so it waits until there is twice as much.
    if (this.#finished.length > 2 * this.#limit) this.#cut();
  }

  #cut(): void {
    this.#finished = this.#finished.slice(this.#finished.indexOf('\n', this.#finished.length - this.#limit) + 1);
    this.#isCut = true;
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
