import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinArguments, splitArguments } from '../../../../src/extension/launch/argv.ts';

const words = fc.array(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  { maxLength: 6 },
);

test('arguments on one line are taken apart into the same arguments again', () => {
  fc.assert(
    fc.property(words, (args) => {
      assert.deepEqual(splitArguments(joinArguments(args)), { args });
    }),
  );
});

test('a real shell takes the line apart in the same way', () => {
  const args = ["it's", 'a b', '$(touch /tmp/never)', '`x`', 'é\nü', '', '--flag=a"b', '*', '~', '\\'];
  const line = joinArguments(args);
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  assert.deepEqual(output.split('\0').slice(0, -1), args);
});

test('quotes and backslashes are those of a shell, and nothing is expanded', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['  a   b\t', ['a', 'b']],
    [`--name 'my run' --text "say \\"hi\\" \\n"`, ['--name', 'my run', '--text', 'say "hi" \\n']],
    [`a"b c"d'e f'`, ['ab cde f']],
    [`'' ""`, ['', '']],
    ['a\\ b \\$HOME $HOME', ['a b', '$HOME', '$HOME']],
  ];
  for (const [line, args] of cases) assert.deepEqual(splitArguments(line), { args }, line);
});

test('what is not closed is said', () => {
  for (const line of [`"a`, `'a`, 'a\\']) assert.ok('message' in splitArguments(line), line);
});
