import { jsonNumber } from '../domain/json.ts';

/** Nobody reads the output any more, as in `trainyard runs | head`. A command ends with this; it is no failure. */
export class OutputClosed extends Error {}

let isClosed = false;

/**
 * Makes the next `write` throw OutputClosed once the reader of the output has gone. The process then ends by itself: process.exit right after work
 * can wait for ever on one of V8's threads (seen with Node 24 in one of a hundred runs).
 */
export function listenForClosedOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isClosed = true;
  });
}

/** Writes to the standard output. Throws OutputClosed. */
export function write(text: string): void {
  if (isClosed) throw new OutputClosed('Nobody reads the output.');
  process.stdout.write(text);
}

/** Prints a line for people or programs. Throws OutputClosed. */
export function print(text: string): void {
  write(`${text}\n`);
}

/** Prints one line about what went wrong or what goes on, beside the output. */
export function printNote(text: string): void {
  process.stderr.write(`${text.replace(/\s*\n\s*/g, ' ')}\n`);
}

/** Prints a tree as JSON; numbers that JSON cannot hold become "NaN", "Infinity" and "-Infinity". */
export function printJson(tree: unknown): void {
  print(JSON.stringify(tree, (_key, value: unknown) => (typeof value === 'number' ? jsonNumber(value) : value), 2));
}

/** Prints rows in columns, numbers to the right. Nothing is cut. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = header.map((_, column) =>
    rows.every((row) => /^(-?[\d.,]+([eE][-+]?\d+)?|NaN|-?Infinity|)$/.test(row[column] ?? '')),
  );
  const pad = (text: string, column: number): string =>
    isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  for (const row of [header, ...rows]) print(row.map(pad).join('  ').trimEnd());
}

/** A value for people: seven digits, which is what float32 holds. */
export function shortNumber(value: number | undefined): string {
  return value === undefined ? '' : String(Number.isInteger(value) ? value : Number(value.toPrecision(7)));
}

/** A time for people, in the local zone; '' where there is none. */
export function shortTime(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "1.4 MB". */
export function shortSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
