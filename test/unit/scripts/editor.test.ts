import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { findOnPath } from '../../../scripts/setup/executables.mjs';
import { openEditor } from '../../../scripts/start/editor.mjs';
import { formatValue } from '../../../scripts/start/progress.mjs';

let folder: string;
const pathBefore = process.env['PATH'];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty editor-'));
});

afterEach(() => {
  process.env['PATH'] = pathBefore;
  rmSync(folder, { recursive: true, force: true });
});

// Desktop VS Code cannot be had on the machines that run these tests; a script stands in for its command.
function installDesktopCode(): string {
  const program = path.join(folder, 'code');
  const record = path.join(folder, 'arguments');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${record}.partial'\nmv '${record}.partial' '${record}'\n`);
  chmodSync(program, 0o755);
  process.env['PATH'] = `${folder}${path.delimiter}${pathBefore}`;
  return record;
}

test('desktop VS Code opens a new window on the lab with the extension from the repository', async () => {
  const record = installDesktopCode();
  const editor = await openEditor('/labs/my lab', 18_570);
  assert.match(editor.message, /VS Code opens on \/labs\/my lab/);
  assert.equal(editor.ended, undefined);
  while (!existsSync(record)) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(readFileSync(record, 'utf8').trim().split('\n'), [
    '--new-window',
    `--extensionDevelopmentPath=${process.cwd()}`,
    '/labs/my lab',
  ]);
});

test('a program is found only where it is an executable file', () => {
  process.env['PATH'] = folder;
  assert.equal(findOnPath('code'), undefined);
  writeFileSync(path.join(folder, 'code'), '', { mode: 0o600 });
  assert.equal(findOnPath('code'), undefined);
  chmodSync(path.join(folder, 'code'), 0o700);
  assert.equal(findOnPath('code'), path.join(folder, 'code'));
});

test('values are short, and what JSON cannot hold stays a word', () => {
  assert.deepEqual([0.123456, 98.7654321, 1e-9, 12, 'NaN'].map(formatValue), ['0.1235', '98.77', '1e-9', '12', 'NaN']);
});
