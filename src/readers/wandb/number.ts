import { decimalIn } from '../text/decimal.ts';
import { latin1 } from '../text/latin1.ts';

/**
 * The float64 of a JSON number in bytes [start, end), rounded to the nearest as JSON.parse does it; NaN where the bytes are no number. `NaN`, `Infinity`
 * and `-Infinity` are numbers here, since W&B writes them bare.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  const value = decimalIn(bytes, start, end);
  return Number.isNaN(value) && end - start <= 9 ? (words.get(latin1(bytes, start, end)) ?? Number.NaN) : value;
}

const words: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
