import type { HydraNumber } from './values.ts';

/** Digits that Python's decimal module keeps by default (decimal.DefaultContext.prec). */
const precision = 28;

/** The text of a float64 as Python's `repr` writes it: shortest digits, an exponent below 1e-4 and from 1e16. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const negative = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const rest = digits.slice(exponent + 1);
  return `${negative}${whole}.${rest === '' ? '0' : rest}`;
}

/** Most values that a range may have: more would be a slip, and would fill the memory. */
export const maxRangeLength = 100_000;

/**
 * The values of a range. Integers count as Python's `range`; with a float among the three, sums are those of Python's
 * decimal module, as in Hydra's FloatRange: exact values of the floats, each sum rounded half-even to 28 digits.
 * Gives undefined where the range does not end or is longer than `maxRangeLength`.
 */
export function rangeValues(
  start: HydraNumber,
  stop: HydraNumber,
  step: HydraNumber,
): readonly HydraNumber[] | undefined {
  const numbers = [start, stop, step];
  if (numbers.some(({ kind, value }) => kind === 'float' && !Number.isFinite(value))) return undefined;
  const isInteger = numbers.every(({ kind }) => kind === 'integer');
  const by = toDecimal(step);
  if (by.digits === 0n) return undefined;
  const expected = (Number(stop.value) - Number(start.value)) / Number(step.value);
  if (expected > maxRangeLength) return undefined;
  const end = toDecimal(stop);
  const values: HydraNumber[] = [];
  for (let at = toDecimal(start); by.digits > 0n ? compare(at, end) < 0 : compare(at, end) > 0; at = add(at, by)) {
    if (values.length === maxRangeLength) return undefined;
    values.push(isInteger ? { kind: 'integer', value: at.digits } : { kind: 'float', value: toNumber(at) });
    if (isInteger) continue;
    // A step below the last digit of the sum would go on for ever.
    if (compare(add(at, by), at) === 0) return undefined;
  }
  return values;
}

/** digits · 10^exponent; integers have the exponent 0. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function toDecimal(number: HydraNumber): Decimal {
  if (number.kind === 'integer') return { digits: number.value, exponent: 0 };
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number.value);
  const raw = bits.getBigUint64(0);
  const biased = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const mantissa = (biased === 0 ? fraction : fraction | 0x10000000000000n) * (number.value < 0 ? -1n : 1n);
  const power = (biased === 0 ? 1 : biased) - 1075;
  if (power >= 0) return { digits: mantissa << BigInt(power), exponent: 0 };
  // m · 2^-p is m · 5^p · 10^-p.
  return { digits: mantissa * 5n ** BigInt(-power), exponent: power };
}

function add(a: Decimal, b: Decimal): Decimal {
  if (a.exponent === 0 && b.exponent === 0) return { digits: a.digits + b.digits, exponent: 0 };
  const exponent = Math.min(a.exponent, b.exponent);
  return round({ digits: scaled(a, exponent) + scaled(b, exponent), exponent });
}

function round(value: Decimal): Decimal {
  const length = String(value.digits < 0n ? -value.digits : value.digits).length;
  if (length <= precision) return value;
  const unit = 10n ** BigInt(length - precision);
  let digits = value.digits / unit;
  const rest = value.digits % unit;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice > unit || (twice === unit && digits % 2n !== 0n)) digits += value.digits < 0n ? -1n : 1n;
  return { digits, exponent: value.exponent + length - precision };
}

function scaled(value: Decimal, exponent: number): bigint {
  return value.digits * 10n ** BigInt(value.exponent - exponent);
}

function compare(a: Decimal, b: Decimal): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, exponent) - scaled(b, exponent);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function toNumber(value: Decimal): number {
  return Number(`${value.digits}e${value.exponent}`);
}
