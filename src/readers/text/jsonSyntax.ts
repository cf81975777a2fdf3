import { readDecimal } from './decimal.ts';

/** What a piece of JSON turned out to be where it does not end: the bytes end first, or it is no JSON. */
export const cut = -1;
export const broken = -2;

const space = 32;
const quote = 34;
const backslash = 92;
const lineFeed = 10;
const comma = 44;
const colon = 58;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;
const deepest = 64;

const scratch = new Float64Array(1);

/** Passes spaces, tabs and line ends. */
export function passSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! <= 32 && bytes[at]! > 0) at++;
  return at;
}

/** Where the string whose first character is at `start` ends: the place of its closing quote. */
export function endOfString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === quote) return at;
    if (byte === backslash) at++;
    else if (byte === lineFeed) return broken;
  }
  return cut;
}

/** Where the number or word at `start` ends: `true`, `null`, and `NaN` and `Infinity` as Python writes them. */
export function endOfWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isWordByte(bytes[at]!)) at++;
  if (at >= end) return cut;
  return at === start ? broken : at;
}

/** Passes a value of any kind; gives back where it ends, or `cut`, or `broken`. */
export function passValue(bytes: Uint8Array, start: number, end: number, depth = 0): number {
  if (start >= end) return cut;
  const byte = bytes[start]!;
  if (byte === quote) {
    const close = endOfString(bytes, start + 1, end);
    return close < 0 ? close : close + 1;
  }
  if (byte === openBrace || byte === openBracket)
    return depth > deepest ? broken : passItems(bytes, start, end, depth + 1);
  const behind = readDecimal(bytes, start, scratch, 0);
  return behind > start && behind < end && !isWordByte(bytes[behind]!) ? behind : endOfWord(bytes, start, end);
}

/** Whether a byte ends an item, and with what: the place behind a comma, or the place of the closing bracket. */
export function behindItem(bytes: Uint8Array, start: number, end: number, close: number): number {
  if (bytes[start] === comma) return start + 1;
  const at = passSpace(bytes, start, end);
  if (at >= end) return cut;
  if (bytes[at] === close) return at;
  return bytes[at] === comma ? at + 1 : broken;
}

/** Passes a colon and the spaces around it. */
export function passColon(bytes: Uint8Array, start: number, end: number): number {
  // Mostly there is the colon and one space, or none.
  if (bytes[start] === colon) {
    const next = bytes[start + 1] === space ? start + 2 : start + 1;
    if (next < end && bytes[next]! > space) return next;
  }
  const at = passSpace(bytes, start, end);
  if (at >= end) return cut;
  return bytes[at] === colon ? passSpace(bytes, at + 1, end) : broken;
}

function passItems(bytes: Uint8Array, start: number, end: number, depth: number): number {
  const isObject = bytes[start] === openBrace;
  const close = isObject ? closeBrace : closeBracket;
  let at = passSpace(bytes, start + 1, end);
  if (bytes[at] === close && at < end) return at + 1;
  for (;;) {
    if (isObject) at = passKey(bytes, at, end);
    if (at < 0) return at;
    at = passValue(bytes, at, end, depth);
    if (at < 0) return at;
    at = behindItem(bytes, at, end, close);
    if (at < 0) return at;
    if (bytes[at] === close) return at + 1;
    at = passSpace(bytes, at, end);
  }
}

function passKey(bytes: Uint8Array, start: number, end: number): number {
  const at = passSpace(bytes, start, end);
  if (at >= end) return cut;
  if (bytes[at] !== quote) return broken;
  const close = endOfString(bytes, at + 1, end);
  return close < 0 ? close : passColon(bytes, close + 1, end);
}

function isWordByte(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 97 && byte <= 122) ||
    byte === 43 ||
    byte === 45 ||
    byte === 46
  );
}
