/**
 * JSON as Python's `json` module writes it, read and written so that what is not changed stays byte for byte: numbers keep their text (1.0, NaN,
 * integers of any size), objects their order. JavaScript's own JSON would lose all three. Source: CPython, Lib/json/{scanner,decoder,encoder}.py.
 */

/** A value of the file. Numbers are kept as they were written. */
export type PythonValue = null | boolean | string | PythonNumber | readonly PythonValue[] | PythonObject;

export class PythonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get value(): number {
    if (this.text === '-Infinity') return Number.NEGATIVE_INFINITY;
    return Number(this.text);
  }
}

export type PythonObject = ReadonlyMap<string, PythonValue>;

/** How a file is laid out. */
export interface PythonLayout {
  /** Spaces per level; 0 for one line. */
  readonly indent: number;
  /** Letters beyond ASCII are written as \uXXXX. */
  readonly isAscii: boolean;
  readonly endsWithNewline: boolean;
}

/** Reads a text. Throws SyntaxError with the offset of what does not fit. */
export function parsePythonJson(text: string): PythonValue {
  const scanner = new Scanner(text);
  const value = scanner.value(0);
  scanner.end();
  return value;
}

/** The layout that a text has, so that it can be written like it. */
export function layoutOf(text: string): PythonLayout {
  const indent = /^[{[]\r?\n( +)/.exec(text)?.[1]?.length ?? 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
  return { indent, isAscii: /^[\x00-\x7f]*$/.test(text), endsWithNewline: text.endsWith('\n') };
}

/** Writes a value as `json.dump(value, indent=…)` does. */
export function printPythonJson(value: PythonValue, layout: PythonLayout): string {
  return print(value, layout, 0) + (layout.endsWithNewline ? '\n' : '');
}

const deepest = 200;
const literals = { null: null, true: true, false: false } as const;
const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN/y;
const stringText = /"(?:[^"\\]|\\.)*"/sy;

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (depth > deepest) throw this.#problem('is nested too deep');
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#list(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of Object.entries(literals)) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return new PythonNumber(this.#match(numberText, 'is no value'));
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#problem('stands behind the end');
  }

  #object(depth: number): PythonObject {
    const members = new Map<string, PythonValue>();
    this.#separated('}', () => {
      this.#skipSpace();
      const key = this.#string();
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') throw this.#problem('should be a colon');
      this.#at += 1;
      members.set(key, this.value(depth + 1));
    });
    return members;
  }

  #list(depth: number): readonly PythonValue[] {
    const items: PythonValue[] = [];
    this.#separated(']', () => items.push(this.value(depth + 1)));
    return items;
  }

  #separated(close: string, item: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    if (this.#text[this.#at] === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      item();
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== close) throw this.#problem(`should be a comma or ${close}`);
      this.#at += 1;
      if (next === close) return;
    }
  }

  #string(): string {
    const start = this.#at;
    const quoted = this.#match(stringText, 'should be a text in quotes');
    try {
      return JSON.parse(quoted) as string;
    } catch {
      this.#at = start;
      throw this.#problem('is no text');
    }
  }

  #match(pattern: RegExp, problem: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw this.#problem(problem);
    this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #problem(what: string): SyntaxError {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new SyntaxError(
      this.#at >= this.#text.length ? `ends too early, in line ${line}` : `${what}, in line ${line}`,
    );
  }
}

function print(value: PythonValue, layout: PythonLayout, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof PythonNumber) return value.text;
  if (typeof value === 'string') return printText(value, layout.isAscii);
  const isObject = value instanceof Map;
  const parts = isObject
    ? [...value].map(([key, member]) => `${printText(key, layout.isAscii)}: ${print(member, layout, depth + 1)}`)
    : (value as readonly PythonValue[]).map((item) => print(item, layout, depth + 1));
  const [open, close] = isObject ? '{}' : '[]';
  if (parts.length === 0) return `${open}${close}`;
  if (layout.indent === 0) return `${open}${parts.join(', ')}${close}`;
  const pad = ' '.repeat(layout.indent * (depth + 1));
  return `${open}\n${parts.map((part) => pad + part).join(',\n')}\n${' '.repeat(layout.indent * depth)}${close}`;
}

/** JavaScript escapes the same control letters as Python; Python's ASCII goes to the tilde, so delete is escaped with the rest. */
function printText(text: string, isAscii: boolean): string {
  const quoted = JSON.stringify(text);
  if (!isAscii) return quoted;
  return quoted.replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
