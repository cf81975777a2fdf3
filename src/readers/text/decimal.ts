import { exactPowers, largestPower, missing, nearest, smallestPower, splitter, upperHalf } from './powersOfTen.ts';

const minus = 45;
const plus = 43;
const zero = 48;
/** The decimal point as a digit would be counted. */
const point = 46 - zero;
const letterE = 101;

/** Beyond this many digits a number is left to `Number`. What programs print has 17 at most. */
const mostDigits = 18;
const firstDigits = 9;

/**
 * Reads a decimal number from bytes into `out[index]` and gives back where it ends; `start` itself where there is none. The value is the one that
 * `Number` gives, to the last bit. A byte that belongs to no number must follow, such as a line feed behind the last line.
 *
 * Up to 15 digits and small powers of ten are one exact operation (Clinger, "How to read floating point numbers accurately", PLDI 1990). Longer ones,
 * as Python prints float64, are multiplied as pairs of float64; where the result lies so near the middle of two neighbours that the error bound
 * cannot tell which is right, `Number` decides.
 */
export function readDecimal(bytes: Uint8Array, start: number, out: Float64Array, index: number): number {
  const isNegative = bytes[start] === minus;
  const first = isNegative || bytes[start] === plus ? start + 1 : start;
  const at = readDigits(bytes, first);
  const decimals = scanned.pointAt < 0 ? 0 : at - scanned.pointAt - 1;
  if (at - first === (scanned.pointAt < 0 ? 0 : 1)) return start;
  const end = (bytes[at]! | 32) === letterE ? skipExponent(bytes, at) : at;
  const exponent = end > at ? readExponent(bytes, at, end) - decimals : -decimals;
  const { high, low, digits } = scanned;
  const value = digits > mostDigits ? Number.NaN : compose(high, low, digits, exponent);
  out[index] = isNegative ? -value : value;
  if (Number.isNaN(value)) out[index] = Number(latin1(bytes, start, end));
  return end;
}

/** What `readDigits` found: the first nine digits behind leading zeros, the nine behind those, how many there are in all, and where the point is. */
const scanned = { high: 0, low: 0, digits: 0, pointAt: -1 };

/** Passes digits and one point; gives back where they end. */
function readDigits(bytes: Uint8Array, first: number): number {
  let high = 0;
  let low = 0;
  let digits = 0;
  let pointAt = -1;
  let at = first;
  for (; ; at++) {
    const digit = bytes[at]! - zero;
    // Put so that the end of the bytes ends a number too.
    if (!(digit >= 0 && digit <= 9)) {
      if (digit !== point || pointAt >= 0) break;
      pointAt = at;
    } else if (digits < firstDigits) {
      high = (high * 10 + digit) | 0;
      // Zeros before the first other digit do not count.
      digits += high > 0 ? 1 : 0;
    } else {
      low = digits < mostDigits ? (low * 10 + digit) | 0 : low;
      digits++;
    }
  }
  scanned.high = high;
  scanned.low = low;
  scanned.digits = digits;
  scanned.pointAt = pointAt;
  return at;
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

/** The float64 next to (high · 10^(digits - 9) + low) · 10^exponent; NaN where this function cannot tell. */
function compose(high: number, low: number, digits: number, exponent: number): number {
  const lowDigits = digits > firstDigits ? digits - firstDigits : 0;
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

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
