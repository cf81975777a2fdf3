import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decimalIn, readDecimal } from '../../../../src/readers/text/decimal.ts';
import { anyNumbers, hardNumbers, middleNumbers, printedNumbers } from './decimals.ts';

const out = new Float64Array(1);

function read(text: string): { readonly value: number; readonly end: number } {
  const end = readDecimal(new TextEncoder().encode(`${text},`), 0, out, 0);
  return { value: out[0]!, end };
}

function assertSame(text: string): void {
  assert.deepEqual(read(text), { value: Number(text), end: text.length }, text);
}

describe('decimal numbers from bytes', () => {
  it('are those of Number, to the last bit', () => {
    for (const numbers of [printedNumbers, anyNumbers, middleNumbers])
      fc.assert(fc.property(numbers, assertSame), { numRuns: 20_000 });
    for (const text of hardNumbers) assertSame(text);
  });

  it('end where the number ends, and are none where there is none', () => {
    assert.deepEqual(read('1.5e,'), { value: 1.5, end: 3 });
    assert.deepEqual(read('12abc'), { value: 12, end: 2 });
    assert.deepEqual(read('1.2.3'), { value: 1.2, end: 3 });
    for (const text of ['', '-', '.', '-.', 'e5', 'nan', '+']) assert.equal(read(text).end, 0, text);
  });

  it('in a given place are not lengthened by what stands behind it', () => {
    const at = (text: string, behind: string) => decimalIn(new TextEncoder().encode(text + behind), 0, text.length);
    for (const text of ['1', '-1.5', '1e5', '12.25e-3', '0.12345678901234567', '12345678901234567890'])
      for (const behind of ['', '7', 'e5', '.5', '}']) assert.equal(at(text, behind), Number(text), text + behind);
    for (const text of ['', '-', '+1', '.5', '1e', '1e+', '1.2.3', '1 ', 'e5', 'NaN'])
      for (const behind of ['', '7']) assert.equal(at(text, behind), Number.NaN, text);
  });
});
