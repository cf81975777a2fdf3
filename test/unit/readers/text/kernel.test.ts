import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDecimal } from '../../../../src/readers/text/decimal.ts';
import { sharedKernel } from '../../../../src/readers/text/kernel.ts';
import { anyNumbers, hardNumbers, middleNumbers, printedNumbers } from './decimals.ts';

const encoder = new TextEncoder();
const out = new Float64Array(1);

/** The value is undefined where the kernel leaves it to its caller. */
function read(text: string): { readonly value: number | undefined; readonly end: number } {
  const kernel = sharedKernel();
  const bytes = encoder.encode(text);
  const at = kernel.load(bytes, 0, bytes.length);
  const end = kernel.program.readDecimal(at) - at;
  return { value: kernel.program.isDecided.value === 0 ? undefined : kernel.program.decimal.value, end };
}

function assertSame(text: string): void {
  const { value, end } = read(text);
  assert.equal(end, text.length, text);
  // Only more than 19 digits may be left undecided.
  if (value === undefined) assert.ok(text.replaceAll(/e.*|\D/g, '').replace(/^0+/, '').length > 19, text);
  else assert.ok(Object.is(value, Number(text)), `${text} was read as ${value}`);
}

describe('the kernel of the text readers', () => {
  it('reads decimal numbers as Number does, to the last bit', () => {
    for (const numbers of [printedNumbers, anyNumbers, middleNumbers])
      fc.assert(fc.property(numbers, assertSame), { numRuns: 20_000 });
    for (const text of hardNumbers) assertSame(text);
  });

  it('decides all numbers that programs print, and those in the middle of two float64 where 19 digits tell it', () => {
    for (const value of [Math.PI, 1 / 3, 2 ** -1074, Number.MAX_VALUE, 123456.789]) {
      assert.equal(read(String(value)).value, value);
      assert.equal(read(value.toPrecision(19)).value, value);
    }
    assert.equal(read('9007199254740993').value, 9007199254740992);
    assert.equal(read('9007199254740995').value, 9007199254740996);
    assert.equal(read('1.00000000000000011102230246251565').value, undefined);
  });

  it('finds the end of a number where the reader without it does', () => {
    const texts = fc.stringMatching(/^[-+.0-9eE,x ]{0,24}$/);
    fc.assert(
      fc.property(texts, (text) => {
        const { value, end } = read(text);
        assert.equal(end, readDecimal(encoder.encode(`${text}\n`), 0, out, 0), text);
        if (end > 0 && value !== undefined) assert.ok(Object.is(value, out[0]), text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is the program that its source gives, as is that of the optimizers', () => {
    const script = path.join(import.meta.dirname, '../../../../scripts/kernel.mjs');
    const told = execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.match(told, /readers\/text\/assembly\/index\.ts are those of its source/);
    assert.match(told, /trainer\/engine\/assembly\/index\.ts are those of its source/);
  });
});
