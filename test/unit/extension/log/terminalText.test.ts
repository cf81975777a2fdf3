import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { collapseLine, TerminalText } from '../../../../src/extension/log/terminalText.ts';

const ESC = '\u001b';

const lines: readonly (readonly [received: string, shown: string])[] = [
  ['plain', 'plain'],
  ['abc\rx', 'xbc'],
  [' 10%|#   |\r 20%|##  |', ' 20%|##  |'],
  [`long text\rhi${ESC}[K`, 'hi'],
  [`old\r${ESC}[2Knew`, 'new'],
  [`${ESC}[31mred${ESC}[0m and ${ESC}[1;32mgreen${ESC}[m`, 'red and green'],
  [`${ESC}]0;title\u0007text`, 'text'],
  ['ab\bc', 'ac'],
  ['cut off \u001b[3', 'cut off '],
  ['bell\u0007\u0000', 'bell'],
  ['windows\r', 'windows'],
];

for (const [received, shown] of lines) {
  test(`${JSON.stringify(received)} shows as ${JSON.stringify(shown)}`, () =>
    assert.equal(collapseLine(received), shown));
}

/** What stands on show after these pieces. */
function display(pieces: readonly string[], text = new TerminalText()): string {
  for (const piece of pieces) text.feed(piece);
  return text.text;
}

test('a progress bar takes one line, and lines around it stay', () => {
  const pieces = ['start\n', ' 1/3 [>  ]', '\r 2/3 [=> ]', '\r 3/3 [===]\n', 'end\n'];
  assert.equal(display(pieces), 'start\n 3/3 [===]\nend\n');
});

test('output cut anywhere shows the same as output in one piece', () => {
  const output = fc.array(fc.constantFrom('a', 'bc', '\n', '\r', `${ESC}[K`, `${ESC}[31m`, '10%', '\b', ' '), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(output, fc.array(fc.nat(80), { maxLength: 6 }), (parts, cuts) => {
      const whole = parts.join('');
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));
      const expected = whole.split('\n').map(collapseLine).join('\n');
      assert.equal(display(pieces), expected);
    }),
    { numRuns: 500 },
  );
});

test('a long log keeps its end, from the start of a line', () => {
  const text = new TerminalText(1000);
  const shown = display(
    Array.from({ length: 500 }, (_, index) => `line ${index}\n`),
    text,
  );
  assert.equal(text.isCut, true);
  assert.ok(shown.length <= 2000 + 20, String(shown.length));
  assert.match(shown, /^line \d+\n/);
  assert.match(shown, /line 499\n$/);
});

test('a bar that never ends its line does not grow for ever', () => {
  const text = new TerminalText(1000);
  const shown = display(
    Array.from({ length: 5000 }, (_, index) => `\r${index}/5000 ${'#'.repeat(20)}`),
    text,
  );
  assert.equal(shown, `4999/5000 ${'#'.repeat(20)}`);
});
