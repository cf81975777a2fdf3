import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { claim } from '../../../src/extension/claims.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-claims-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('of many windows that ask at once exactly one may speak, and nobody afterwards', async () => {
  const ended = path.join(folder, 'ended');
  const answers = await Promise.all(Array.from({ length: 20 }, () => claim(ended, 'run')));
  assert.equal(answers.filter(Boolean).length, 1);
  assert.equal(await claim(ended, 'run'), false);
  assert.equal(await claim(ended, 'other'), true);
});

test('where nothing can be written, every window speaks rather than none', async () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  assert.equal(await claim(path.join(file, 'ended'), 'run'), true);
});

test('claims of last week are forgotten', async () => {
  await claim(folder, 'old');
  utimesSync(path.join(folder, 'old'), 0, 0);
  await claim(folder, 'new');
  assert.equal(existsSync(path.join(folder, 'old')), false);
  assert.equal(existsSync(path.join(folder, 'new')), true);
});
