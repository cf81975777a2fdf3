const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

const decoder = new TextDecoder();

/** The text of bytes [start, end) of UTF-8, without spaces around it. Broken bytes become U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end)).trim();
}

/** A record of a table as texts. */
export interface TextRecord {
  readonly cells: readonly string[];
  /** Behind its line feed. */
  readonly next: number;
}

/** The record at `at`, or undefined where the bytes end before it does. Quotes as RFC 4180 has them. */
export function readTextRecord(bytes: Uint8Array, at: number, end: number, delimiter: number): TextRecord | undefined {
  const cells: string[] = [];
  let from = at;
  for (;;) {
    const stop = endOfCell(bytes, from, end, delimiter);
    if (stop < 0 || stop >= end) return undefined;
    cells.push(cellText(bytes, from, stop));
    if (bytes[stop] !== delimiter) return { cells, next: behindLine(bytes, stop) };
    from = stop + 1;
  }
}

/** Where the cell at `at` ends: at a delimiter, carriage return or line feed outside quotes. -1 where the quotes do not end before `end`. */
export function endOfCell(bytes: Uint8Array, at: number, end: number, delimiter: number): number {
  let next = at;
  while (bytes[next] === space) next++;
  if (bytes[next] === quote) {
    next = endOfQuotes(bytes, next + 1, end);
    if (next < 0) return -1;
  }
  for (; next < end; next++) {
    const byte = bytes[next]!;
    if (byte === delimiter || byte === lineFeed || (byte === carriageReturn && bytes[next + 1] === lineFeed)) break;
  }
  return next;
}

/** The text of a cell that ends at `stop`, without its quotes. */
export function cellText(bytes: Uint8Array, at: number, stop: number): string {
  const text = textOf(bytes, at, stop);
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"').trim()
    : text;
}

/** Behind the line feed that ends a record at `stop`. */
export function behindLine(bytes: Uint8Array, stop: number): number {
  return bytes[stop] === carriageReturn && bytes[stop + 1] === lineFeed ? stop + 2 : stop + 1;
}

function endOfQuotes(bytes: Uint8Array, from: number, end: number): number {
  for (let next = from; next < end; next++) {
    if (bytes[next] !== quote) continue;
    if (bytes[next + 1] !== quote || next + 1 >= end) return next + 1;
    next++;
  }
  return -1;
}
