import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { JobFolder, until } from './jobs.ts';

/** A program that says what it was given: the only judge of what arrived. */
const printer = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';

let folder: JobFolder;
let jobs = 0;
before(() => {
  folder = new JobFolder();
});
after(() => folder.end());

const nasty = fc.constantFrom(
  '$(touch hacked)',
  '`touch hacked`',
  "it's",
  '"quoted"',
  'a b  c',
  'line\nbreak',
  'tab\tand\r\nmore',
  '\\',
  "'; touch hacked; '",
  '$HOME $1 %PATH% !x',
  'größer ≤ 漢字 🚂',
  '+model.lr=[1e-3,2e-3]',
  "~trainer 'a=1,2' range(1,5)",
  '',
  '-',
  '--',
  '*',
  '&& || ; | < > #',
);
// The system itself cannot pass a NUL in an argument.
const argument = fc.oneof(
  nasty,
  fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0') && value.isWellFormed()),
);

test('arguments arrive unchanged through the real shim, and no shell reads them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { maxLength: 8 }), async (args) => {
      const job = folder.job(`argv-${jobs++}`, '', [process.execPath, '-e', printer, '--', ...args]);
      await folder.target.start(job);
      await until(folder.target, job, 'ended');
      const arrived = JSON.parse(readFileSync(path.join(job.directory, 'output.log'), 'utf8'));
      assert.deepEqual(arrived, args);
    }),
    { numRuns: 25, examples: [[['$(touch hacked)', "a'b", 'c"d', 'x\ny', 'größer 🚂', '']]] },
  );
});
