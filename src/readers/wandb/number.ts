import { latin1 } from '../text/latin1.ts';

/**
 * The float64 of a JSON number in bytes [start, end), rounded to the nearest as JSON.parse does it; NaN where the bytes are no number. `NaN`, `Infinity`
 * and `-Infinity` are numbers here, since W&B writes them bare. No string is made for the numbers that loggers write: up to 18 digits and a power of
 * ten up to 22, which double-double arithmetic decides (Dekker 1971; the test before the answer is Ziv's, 1991). What it cannot decide goes to `Number`.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === minus;
  const first = negative ? start + 1 : start;
  if (first >= end || !isDigit(bytes[first]!)) return parseWord(bytes, start, end);
  const behind = scanDigits(bytes, first, end);
  const exponent = behind === end ? 0 : parseExponent(bytes, behind, end);
  if (Number.isNaN(exponent)) return Number.NaN;
  const digits = found[0]!;
  const power = found[1]! + exponent;
  if (digits > 18) return parseText(bytes, start, end);
  const value = digits <= 15 ? scaleExact(joined(digits), power) : scale(found[2]!, found[3]!, digits - 9, power);
  if (Number.isNaN(value)) return parseText(bytes, start, end);
  return negative ? -value : value;
}

/**
 * What `scanDigits` found: how many digits there are, the power of ten that the point stands for, the first nine digits as a number, and those behind them.
 * Each group is below 2^31, so that integer arithmetic makes it.
 */
const found = new Int32Array(4);

/** Reads digits and a point; gives the place behind them. */
function scanDigits(bytes: Uint8Array, start: number, end: number): number {
  let high = 0;
  let low = 0;
  let digits = 0;
  let pointAt = -1;
  let at = start;
  for (; at < end; at++) {
    const digit = bytes[at]! - zero;
    if (digit >>> 0 > 9) {
      if (digit !== point || pointAt >= 0) break;
      pointAt = at;
      continue;
    }
    if (digits < 9) high = (Math.imul(high, 10) + digit) | 0;
    else low = (Math.imul(low, 10) + digit) | 0;
    // Zeros before the first digit do not count.
    if ((digits | digit) !== 0) digits++;
  }
  found[0] = digits;
  found[1] = pointAt < 0 ? 0 : pointAt + 1 - at;
  found[2] = high;
  found[3] = low;
  return at;
}

/** Up to fifteen digits as one exact integer. */
function joined(digits: number): number {
  return digits <= 9 ? found[2]! : found[2]! * powersOfTen[digits - 9]! + found[3]!;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

const zero = 0x30;
const nine = 0x39;
const minus = 0x2d;
const plus = 0x2b;
/** `.` and `e`, `E` as digits, which they are not. */
const point = 0x2e - zero;

const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Fifteen digits and an exact power of ten: one rounding, so the nearest (Clinger 1990). */
function scaleExact(digits: number, power: number): number {
  if (power >= 0) return power <= 22 ? digits * powersOfTen[power]! : digits === 0 ? 0 : Number.NaN;
  return power >= -22 ? digits / powersOfTen[-power]! : digits === 0 ? 0 : Number.NaN;
}

/** high · 10^lowDigits + low, times 10^power; NaN where double-double arithmetic does not decide the last bit. */
function scale(high: number, low: number, lowDigits: number, power: number): number {
  if (power > 22 || power < -22) return Number.NaN;
  const factor = powersOfTen[lowDigits]!;
  const product = high * factor;
  const error = productError(high, factor, product);
  // |product| > |low|, so the sum's error is exact.
  const top = product + (error + low);
  const rest = product - top + (error + low);
  return power < 0 ? divide(top, rest, powersOfTen[-power]!) : multiply(top, rest, powersOfTen[power]!);
}

function multiply(top: number, rest: number, factor: number): number {
  const product = top * factor;
  return decide(product, productError(top, factor, product) + rest * factor);
}

function divide(top: number, rest: number, divisor: number): number {
  const quotient = top / divisor;
  const back = quotient * divisor;
  const remainder = top - back - productError(quotient, divisor, back) + rest;
  return decide(quotient, remainder / divisor);
}

/** The nearest float64 to value + correction, where an error of 2^-97 does not change it; else NaN. */
function decide(value: number, correction: number): number {
  const sum = value + correction;
  const rest = correction - (sum - value);
  const error = sum * 2 ** -97;
  return sum + (rest + error) === sum && sum + (rest - error) === sum ? sum : Number.NaN;
}

/** What a · b lacks after rounding, exactly (Dekker's product with Veltkamp's splitting; all numbers here are below 2^800). */
function productError(a: number, b: number, product: number): number {
  const aShifted = a * splitter;
  const aHigh = aShifted - (aShifted - a);
  const aLow = a - aHigh;
  const bShifted = b * splitter;
  const bHigh = bShifted - (bShifted - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const splitter = 2 ** 27 + 1;

/** The exponent behind `e`; NaN where the bytes are none. */
function parseExponent(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if ((bytes[at]! | 0x20) !== 0x65) return Number.NaN;
  at++;
  const negative = bytes[at] === minus;
  if (negative || bytes[at] === plus) at++;
  if (at >= end) return Number.NaN;
  let exponent = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    exponent = Math.min(exponent * 10 + digit, 100_000);
  }
  return negative ? -exponent : exponent;
}

const words: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function parseWord(bytes: Uint8Array, start: number, end: number): number {
  return end - start <= 9 ? (words.get(latin1(bytes, start, end)) ?? Number.NaN) : Number.NaN;
}

function parseText(bytes: Uint8Array, start: number, end: number): number {
  return Number(latin1(bytes, start, end));
}
