import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDecimal } from '../../../../src/readers/text/decimal.ts';

const out = new Float64Array(1);

function read(text: string): { readonly value: number; readonly end: number } {
  const end = readDecimal(new TextEncoder().encode(`${text},`), 0, out, 0);
  return { value: out[0]!, end };
}

function assertSame(text: string): void {
  assert.deepEqual(read(text), { value: Number(text), end: text.length }, text);
}

describe('decimal numbers from bytes', () => {
  it('are those of Number for every float64 as JavaScript and Python print it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assertSame(String(value));
        assertSame(value.toExponential(16));
        assertSame(value.toPrecision(17));
      }),
      { numRuns: 20_000 },
    );
  });

  it('are those of Number for any digits, points and exponents', () => {
    const digits = fc.stringMatching(/^[0-9]{1,24}$/);
    const number = fc
      .tuple(fc.constantFrom('', '-', '+'), digits, fc.option(digits), fc.option(fc.integer({ min: -340, max: 320 })))
      .map(([sign, whole, decimals, exponent]) => {
        const fraction = decimals === null ? '' : `.${decimals}`;
        return `${sign}${whole}${fraction}${exponent === null ? '' : `e${exponent}`}`;
      });
    fc.assert(fc.property(number, assertSame), { numRuns: 20_000 });
  });

  it('round to even in the middle between two neighbours', () => {
    for (const text of [
      '9007199254740993',
      '9007199254740992.5',
      '18014398509481985',
      '18014398509481987',
      '4503599627370496.5',
      '4503599627370497.5',
      '1.00000000000000011102230246251565',
      '8.5e22',
      '2.2250738585072011e-308',
      '5e-324',
      '1.7976931348623159e308',
      '-0.0',
      '.5',
      '5.',
    ])
      assertSame(text);
  });

  it('end where the number ends, and are none where there is none', () => {
    assert.deepEqual(read('1.5e,'), { value: 1.5, end: 3 });
    assert.deepEqual(read('12abc'), { value: 12, end: 2 });
    assert.deepEqual(read('1.2.3'), { value: 1.2, end: 3 });
    for (const text of ['', '-', '.', '-.', 'e5', 'nan', '+']) assert.equal(read(text).end, 0, text);
  });
});
