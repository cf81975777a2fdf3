import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteCommand, quoteWord } from '../../../../src/launch/remote/shellQuote.ts';

const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';

/** What a program gets when a shell reads the line. */
function throughShell(args: readonly string[]): unknown {
  const line = quoteCommand([process.execPath, '-e', print, '--', ...args]);
  return JSON.parse(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }));
}

test('arguments arrive unchanged through a real shell', (context) => {
  if (process.platform === 'win32') return context.skip('there is no POSIX shell');
  const awkward = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      ' ',
      '\n',
      '\t',
      '$',
      '`',
      '\\',
      '(',
      ')',
      '*',
      '?',
      '~',
      '#',
      '!',
      '&',
      ';',
      '|',
      '<',
      '{',
      'a',
      '=',
      'ü',
      '日',
      '🚂',
      '\r',
      '\u0007',
    ),
  });
  // Letters that UTF-8 cannot hold (lone surrogates) are no text that a person can type.
  const any = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.oneof(awkward, any), { maxLength: 6 }), (args) => {
      assert.deepEqual(throughShell(args), args);
    }),
    { numRuns: 40 },
  );
});

test('plain words stay readable, the rest is quoted', () => {
  assert.equal(quoteCommand(['python', 'src/train.py', 'lr=0.1']), 'python src/train.py lr=0.1');
  assert.equal(quoteCommand(['echo', "it's", '']), "echo 'it'\\''s' ''");
  assert.throws(() => quoteWord('a\0b'), RangeError);
});
