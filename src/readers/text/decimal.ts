import { latin1 } from './latin1.ts';
import { exactPowers, largestPower, missing, nearest, smallestPower, splitter, upperHalf } from './powersOfTen.ts';

const minus = 45;
const plus = 43;
const zero = 48;
/** The decimal point as a digit would be counted. */
const point = 46 - zero;
const letterE = 101;

/** What the first group of digits may be before one more, or four more, go into it: it stays below 2^30. */
const mostHigh = 100_000_000;
const mostHighBeforeFour = 100_000;
/** Beyond this many digits in the second group a number is left to `Number`. What programs print has 17 in all at most. */
const mostLowDigits = 9;

/**
 * Reads a decimal number from bytes into `out[index]` and gives back where it ends; `start` itself where there is none. The value is the one that
 * `Number` gives, to the last bit. A byte that belongs to no number must follow, such as a line feed behind the last line.
 *
 * Up to 15 digits and small powers of ten are one exact operation (Clinger, "How to read floating point numbers accurately", PLDI 1990). Longer ones,
 * as Python prints float64, are multiplied as pairs of float64; where the result lies so near the middle of two neighbours that the error bound
 * cannot tell which is right, `Number` decides.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: in several functions, which must share what they found, it takes a fifth longer.
export function readDecimal(bytes: Uint8Array, start: number, out: Float64Array, index: number): number {
  const isNegative = bytes[start] === minus;
  const first = isNegative || bytes[start] === plus ? start + 1 : start;
  // The digits in two groups of up to nine, so that each is a whole number of 32 bits; zeros in front do not count.
  let high = 0;
  let low = 0;
  let lowDigits = 0;
  let decimals = 0;
  let at = first;
  let digit = bytes[at]! - zero;
  for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - zero) {
    if (lowDigits === 0 && high < mostHigh) high = (high * 10 + digit) | 0;
    else if (lowDigits++ < mostLowDigits) low = (low * 10 + digit) | 0;
  }
  if (digit === point) {
    const pointAt = at++;
    // Four digits at a time, as one number of 32 bits.
    if (bytes !== viewed) view = viewOf(bytes);
    for (const last = bytes.length - 4; at <= last; at += 4) {
      const four = view.getInt32(at, true);
      if ((four & 0xf0f0f0f0) !== 0x30303030 || ((four + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) break;
      const pairs = ((four & 0x0f0f0f0f) * 10 + ((four >>> 8) & 0x0f0f0f)) & 0x00ff00ff;
      const value = (pairs & 0xff) * 100 + (pairs >>> 16);
      if (lowDigits === 0 && high < mostHighBeforeFour) high = (high * 10_000 + value) | 0;
      else if (lowDigits + 4 <= mostLowDigits) {
        low = (low * 10_000 + value) | 0;
        lowDigits += 4;
      } else break;
    }
    for (digit = bytes[at]! - zero; digit >= 0 && digit <= 9; digit = bytes[++at]! - zero) {
      if (lowDigits === 0 && high < mostHigh) high = (high * 10 + digit) | 0;
      else if (lowDigits++ < mostLowDigits) low = (low * 10 + digit) | 0;
    }
    decimals = at - pointAt - 1;
    if (at === first + 1) return start;
  } else if (at === first) return start;
  const end = (bytes[at]! | 32) === letterE ? skipExponent(bytes, at) : at;
  const exponent = end > at ? readExponent(bytes, at, end) - decimals : -decimals;
  const value = lowDigits > mostLowDigits ? Number.NaN : compose(high, low, lowDigits, exponent);
  out[index] = isNegative ? -value : value;
  if (Number.isNaN(value)) out[index] = Number(latin1(bytes, start, end));
  return end;
}

/** The bytes that were read last, through a view that gives four at once. */
let viewed: Uint8Array = new Uint8Array(4);
let view = viewOf(viewed);

function viewOf(bytes: Uint8Array): DataView {
  viewed = bytes;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where the exponent at `at` ("e-05") ends; `at` itself where no digits follow the letter. */
function skipExponent(bytes: Uint8Array, at: number): number {
  let behind = at + 1;
  const sign = bytes[behind]!;
  if (sign === minus || sign === plus) behind++;
  const first = behind;
  while (bytes[behind]! >= zero && bytes[behind]! <= 57) behind++;
  return behind === first ? at : behind;
}

function readExponent(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at + 1]!;
  let exponent = 0;
  for (let next = sign === minus || sign === plus ? at + 2 : at + 1; next < end; next++) {
    // More would overflow what the exponent of any number can be.
    if (exponent < 100_000) exponent = exponent * 10 + (bytes[next]! - zero);
  }
  return sign === minus ? -exponent : exponent;
}

/** The float64 next to (high · 10^lowDigits + low) · 10^exponent; NaN where this function cannot tell. */
function compose(high: number, low: number, lowDigits: number, exponent: number): number {
  const scale = exactPowers[lowDigits]!;
  const mantissa = high * scale + low;
  if (mantissa < 9007199254740992) {
    if (exponent >= -22 && exponent <= 22)
      return exponent < 0 ? mantissa / exactPowers[-exponent]! : mantissa * exactPowers[exponent]!;
    if (mantissa === 0) return 0;
  }
  if (exponent < smallestPower || exponent > largestPower) return Number.NaN;
  // The whole mantissa as a sum of two float64, exactly: each product below has at most 45 significant bits.
  const upper = (high >>> 15) * 32768 * scale;
  const rest = (high & 32767) * scale + low;
  const sum = upper + rest;
  return multiply(sum, rest - (sum - upper), exponent - smallestPower);
}

/** (large + small) times a power of ten, rounded once; NaN where the error bound reaches over the middle between two neighbours. */
function multiply(large: number, small: number, power: number): number {
  const ten = nearest[power]!;
  const tenUpper = upperHalf[power]!;
  const tenLower = ten - tenUpper;
  const scaled = splitter * large;
  const largeUpper = scaled - (scaled - large);
  const largeLower = large - largeUpper;
  const product = large * ten;
  const error = largeUpper * tenUpper - product + largeUpper * tenLower + largeLower * tenUpper + largeLower * tenLower;
  const correction = error + (large * missing[power]! + small * ten);
  const value = product + correction;
  const rest = correction - (value - product);
  // The operations above lose less than 2^-101 of the value.
  const bound = value * 7.888609052210118e-31;
  return value + (rest + bound) === value && value + (rest - bound) === value ? value : Number.NaN;
}
