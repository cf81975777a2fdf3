import { latin1 } from './latin1.ts';

const minus = 0x2d;
const plus = 0x2b;
const zero = 0x30;
/** `.` as a digit, which it is not. */
const point = 0x2e - zero;
const letterE = 0x65;

/**
 * Reads a decimal number from bytes into `out[index]` and gives back where it ends; `start` itself where there is none. The value is the one that
 * `Number` gives, to the last bit. It may begin with a plus and begin or end with its point.
 */
export function readDecimal(bytes: Uint8Array, start: number, out: Float64Array, index: number): number {
  const sign = bytes[start];
  const first = sign === minus || sign === plus ? start + 1 : start;
  const behind = scanDigits(bytes, first, bytes.length);
  if (behind - first <= 1 && !isDigit(bytes[first]!)) return start;
  const end = endOfExponent(bytes, behind, bytes.length);
  out[index] = composed(bytes, start, end, end === behind ? 0 : readExponent(bytes, behind, end));
  return end;
}

/** The value of a number as JSON writes it that takes the bytes [start, end) and no others; NaN where they are none. */
export function decimalIn(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === minus ? start + 1 : start;
  if (first >= end || !isDigit(bytes[first]!)) return Number.NaN;
  const behind = scanDigits(bytes, first, end);
  if (behind === end) return composed(bytes, start, end, 0);
  // Where no exponent follows, its end is its beginning, which is not the end.
  if (endOfExponent(bytes, behind, end) !== end) return Number.NaN;
  return composed(bytes, start, end, readExponent(bytes, behind, end));
}

/**
 * The value of the digits that `scanDigits` found in [start, end). No string is made for the numbers that loggers write: up to 18 digits and a power of
 * ten up to 22, which double-double arithmetic decides (Dekker 1971; the test before the answer is Ziv's, 1991). What it cannot decide goes to `Number`.
 */
function composed(bytes: Uint8Array, start: number, end: number, exponent: number): number {
  const digits = found[0]!;
  const power = found[1]! + exponent;
  if (digits > 18) return Number(latin1(bytes, start, end));
  const value = digits <= 15 ? scaleExact(joined(digits), power) : scale(found[2]!, found[3]!, digits - 9, power);
  if (Number.isNaN(value)) return Number(latin1(bytes, start, end));
  return bytes[start] === minus ? -value : value;
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
  return byte >= zero && byte <= zero + 9;
}

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

/** Where the exponent at `at` ("e-05") ends, at `limit` at the latest; `at` itself where there is none, or no digits follow the letter. */
function endOfExponent(bytes: Uint8Array, at: number, limit: number): number {
  if ((bytes[at]! | 0x20) !== letterE) return at;
  const sign = bytes[at + 1];
  const first = sign === minus || sign === plus ? at + 2 : at + 1;
  let behind = first;
  while (behind < limit && isDigit(bytes[behind]!)) behind++;
  return behind <= first ? at : behind;
}

function readExponent(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at + 1]!;
  let exponent = 0;
  for (let next = sign === minus || sign === plus ? at + 2 : at + 1; next < end; next++) {
    // More than this no number can have.
    exponent = Math.min(exponent * 10 + (bytes[next]! - zero), 100_000);
  }
  return sign === minus ? -exponent : exponent;
}
