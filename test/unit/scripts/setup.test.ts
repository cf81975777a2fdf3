import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { withLock } from '../../../scripts/setup/lock.mjs';
import { missingOptional, missingPackage } from '../../../scripts/setup/packages.mjs';
import { seconds } from '../../../scripts/setup/step.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-setup-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('processes that hold the lock come one after the other', async () => {
  const log = path.join(folder, 'log');
  const module = path.resolve('scripts/setup/lock.mjs');
  const program = `
    const { withLock } = await import(${JSON.stringify(module)});
    const { appendFileSync } = await import('node:fs');
    await withLock(${JSON.stringify(path.join(folder, 'lock'))}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ');
      await new Promise((resolve) => setTimeout(resolve, 50));
      appendFileSync(${JSON.stringify(log)}, 'out ');
    });`;
  const ends = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    return new Promise((resolve) => child.on('exit', resolve));
  });
  assert.deepEqual(await Promise.all(ends), [0, 0, 0, 0]);
  assert.equal(readFileSync(log, 'utf8'), 'in out '.repeat(4));
});

test('a lock whose owner is gone is taken over', async () => {
  const lock = path.join(folder, 'lock');
  mkdirSync(lock);
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  writeFileSync(path.join(lock, 'pid'), String(child.pid));
  assert.equal(await withLock(lock, () => 'done'), 'done');
  assert.equal(existsSync(lock), false);
});

test('the lock is given back when the work fails', async () => {
  const lock = path.join(folder, 'lock');
  await assert.rejects(
    withLock(lock, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(existsSync(lock), false);
});

function writeLocks(wanted: object, installed?: object): void {
  writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed === undefined) return;
  mkdirSync(path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
}

test('installed packages are compared with the lock file', () => {
  const a = { 'node_modules/a': { version: '1.0.0' } };
  writeLocks({ ...a, 'node_modules/other-platform': { version: '2.0.0', optional: true } }, a);
  assert.equal(missingPackage(folder), undefined);
});

test('a missing folder, a missing package and another version are each named', () => {
  writeLocks({ 'node_modules/a': { version: '1.0.0' } });
  assert.equal(missingPackage(folder), 'node_modules is missing');
  writeLocks({ 'node_modules/a': { version: '1.0.0' } }, {});
  assert.match(missingPackage(folder) ?? '', /node_modules\/a is missing, the lock file says 1\.0\.0/);
  writeFileSync(
    path.join(folder, 'node_modules', '.package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/a': { version: '0.9.0' } } }),
  );
  assert.match(missingPackage(folder) ?? '', /is 0\.9\.0, the lock file says 1\.0\.0/);
});

test('the lock file has an entry for every optional package, else npm ci refuses it on a fresh machine', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  assert.deepEqual(missingOptional(packages), [], 'Run `node scripts/completeLock.mjs`.');
});

test('durations are written for people', () => {
  assert.deepEqual([400, 12_345, 185_000].map(seconds), ['0.4 s', '12 s', '3 min 05 s']);
});
