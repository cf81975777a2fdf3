import { exactPowersAt, mostPower, powersOfFiveAt, smallestPower, tensAt } from './memory.ts';

const minus: u32 = 45;
const plus: u32 = 43;
const point: u32 = 46;
const zero: u32 = 48;
const letterE: u32 = 101;

/** Whole numbers up to here are float64 exactly. */
const mostExact: u64 = 9007199254740992;
/** Digits of which any fit into 64 bits. */
const mostDigits: usize = 19;
const undecided: u64 = u64.MAX_VALUE;

/** The number that `readDecimal` read last. */
export let decimal: f64 = 0;
/** Whether it is exact. Else `Number` has to tell what the text means. */
export let isDecided: bool = true;

let mantissa: u64 = 0;

/**
 * Reads a decimal number into `decimal` and gives back where it ends; `start` itself where there is none. The grammar is that of `readDecimal` in
 * ../decimal.ts, and so is the value: what `Number` gives, to the last bit.
 */
export function readDecimal(start: usize): usize {
  const sign = load<u8>(start) as u32;
  const first = sign === minus || sign === plus ? start + 1 : start;
  mantissa = 0;
  let at = readDigits(first);
  let digits = at - first;
  let exponent: i32 = 0;
  if ((load<u8>(at) as u32) === point) {
    const decimals = at + 1;
    at = readDigits(decimals);
    exponent = -((at - decimals) as i32);
    digits += at - decimals;
  }
  if (digits === 0) return start;
  const behind = at;
  if (((load<u8>(at) as u32) | 32) === letterE) {
    at = endOfExponent(at);
    if (at > behind) exponent += readExponent(behind, at);
  }
  isDecided = true;
  const bits = digits <= mostDigits ? nearest(mantissa, exponent) : nearestOfMany(first, behind, exponent);
  isDecided = bits !== undecided;
  decimal = reinterpret<f64>(sign === minus ? bits | 0x8000000000000000 : bits);
  return at;
}

/** Takes digits into `mantissa`, eight at a time, and gives back where they end. More than 64 bits hold wrap around. */
function readDigits(start: usize): usize {
  let at = start;
  while (true) {
    const digits = load<u64>(at) ^ 0x3030303030303030;
    // The highest bit of every byte that is no digit, or that stands behind one.
    const others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
    if (others === 0) {
      mantissa = mantissa * 100000000 + eightDigits(digits);
      at += 8;
      continue;
    }
    const bits = ctz(others) & 0x38;
    if (bits === 0) return at;
    // Fewer digits move up, and zeros stand in front of them.
    mantissa = mantissa * load<u64>(tensAt + (bits as usize)) + eightDigits(digits << (64 - bits));
    return at + ((bits as usize) >> 3);
  }
}

/** The number of eight digits, of which the lowest byte holds the first. Pairs become numbers below 100, then those pairs of pairs. */
function eightDigits(digits: u64): u64 {
  const pairs = digits * 10 + (digits >> 8);
  const hundreds = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const rest = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (hundreds + rest) >> 32;
}

/** Where the exponent at `at` ends; `at` itself where no digits follow the letter. */
function endOfExponent(at: usize): usize {
  let behind = at + 1;
  const sign = load<u8>(behind) as u32;
  if (sign === minus || sign === plus) behind++;
  const first = behind;
  while ((load<u8>(behind) as u32) - zero < 10) behind++;
  return behind === first ? at : behind;
}

function readExponent(at: usize, end: usize): i32 {
  const sign = load<u8>(at + 1) as u32;
  let exponent: i32 = 0;
  for (let next = sign === minus || sign === plus ? at + 2 : at + 1; next < end; next++) {
    // More would overflow what the exponent of any number can be.
    if (exponent < 100000) exponent = exponent * 10 + (((load<u8>(next) as u32) - zero) as i32);
  }
  return sign === minus ? -exponent : exponent;
}

/** The bits of the float64 next to the digits in [start, end), a point among them, times a power of ten; `undecided` where 19 digits do not tell. */
function nearestOfMany(start: usize, end: usize, power: i32): u64 {
  let at = start;
  while (at < end && ((load<u8>(at) as u32) === zero || (load<u8>(at) as u32) === point)) at++;
  let taken: u64 = 0;
  let count: usize = 0;
  let left: i32 = 0;
  for (; at < end; at++) {
    const digit = (load<u8>(at) as u32) - zero;
    if (digit > 9) continue;
    if (count < mostDigits) {
      taken = taken * 10 + (digit as u64);
      count++;
    } else left++;
  }
  const below = nearest(taken, power + left);
  // The true number lies between the digits that were taken and the next higher ones.
  return left === 0 || below === nearest(taken + 1, power + left) ? below : undecided;
}

/** The bits of the float64 next to digits · 10^power. */
function nearest(digits: u64, power: i32): u64 {
  // Both are exact, so the one operation rounds right (Clinger, "How to read floating point numbers accurately", PLDI 1990).
  if (digits <= mostExact && power >= -22 && power <= 22) {
    const whole = digits as i64 as f64;
    const scale = load<f64>(exactPowersAt + ((power < 0 ? -power : power) as usize) * 8);
    return reinterpret<u64>(power < 0 ? whole / scale : whole * scale);
  }
  if (digits === 0 || power < smallestPower) return 0;
  if (power > mostPower) return 0x7ff0000000000000;
  return nearestByProduct(digits, power);
}

/**
 * By 128 bits of the power of five (Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51, 2021, algorithm 1; that its
 * product always decides is shown in Mushtak and Lemire, "Fast number parsing without fallback", 2023).
 */
function nearestByProduct(digits: u64, power: i32): u64 {
  const zeros = clz(digits) as i32;
  const entry = powersOfFiveAt + ((power - smallestPower) as usize) * 16;
  const factor = digits << (zeros as u64);
  let high = upperHalf(factor, load<u64>(entry));
  let low = factor * load<u64>(entry);
  if ((high & 0x1ff) === 0x1ff) {
    // So many ones that what was left out of the power may carry into the bits that count.
    const sum = low + upperHalf(factor, load<u64>(entry + 8));
    if (sum < low) high++;
    low = sum;
  }
  const upperBit = (high >> 63) as i32;
  // 53 bits and one to round by.
  const shift = (upperBit + 9) as u64;
  let bits = high >> shift;
  // The power of two below 10^power is power · 217706 / 2^16 for every power here; 63 more for the digits, and the bias of float64.
  const exponent = ((217706 * power) >> 16) + 63 + upperBit - zeros + 1023;
  if (exponent <= 0) {
    if (exponent <= -63) return 0;
    bits >>= (1 - exponent) as u64;
    // Rounded up into the least normal number, the bits say so by themselves.
    return (bits + (bits & 1)) >> 1;
  }
  // Exactly in the middle of two neighbours, which no other powers allow: to the even one.
  if (low <= 1 && power >= -4 && power <= 23 && (bits & 3) === 1 && bits << shift === high) bits--;
  bits = (bits + (bits & 1)) >> 1;
  // A carry out of the 53 bits leaves zeros and raises the exponent by the same addition.
  const sum = bits + (((exponent - 1) as u64) << 52);
  return min<u64>(sum, 0x7ff0000000000000);
}

/** The upper 64 of the 128 bits of a product. */
function upperHalf(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const first = aHigh * bLow + ((aLow * bLow) >> 32);
  const second = aLow * bHigh + (first & 0xffffffff);
  return aHigh * bHigh + (first >> 32) + (second >> 32);
}
