import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { endProcessesOf } from '../host/vscodeServer.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-start-'));
});

afterEach(() => {
  endProcessesOf(path.join(folder, 'home'));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** Runs `npm start -- --no-editor` with short runs, a lab and a worker of its own. */
function start(...options: readonly string[]): { readonly status: number | null; readonly output: string } {
  const args = ['scripts/start.mjs', '--no-editor', '--lab', path.join(folder, 'lab'), '--device', 'cpu', ...options];
  const env = { ...process.env, TRAINYARD_HOME: path.join(folder, 'home') };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 240_000 });
  return { status, output: stdout + stderr };
}

const short = [
  ...['--judge-set', 'steps=20', '--judge-set', 'evaluateEvery=0'],
  ...[
    '--set',
    'steps=20',
    '--set',
    'samples.count=20',
    '--set',
    'network.width=32',
    '--set',
    'network.layers=1',
    '--set',
    'network.heads=2',
  ],
];

test('npm start -- --no-editor trains judge and generator and ends with exit code 0', () => {
  const { status, output } = start(...short);
  assert.equal(status, 0, output);
  assert.match(output, /judge-1: finished/);
  assert.match(output, /meanflow-1: finished/);
  for (const tag of ['test/accuracy', 'samples/confidence', 'samples/distinct_classes'])
    assert.match(output, new RegExp(`${tag} +[\\d.]+`));
  assert.ok(existsSync(path.join(folder, 'lab/runs/meanflow-1/checkpoints/last.safetensors')));
});

test('a setting that does not exist ends it with one clear sentence', () => {
  const { status, output } = start('--set', 'stepz=20');
  assert.equal(status, 1, output);
  assert.match(output, /stepz/);
  assert.match(output, /steps/);
  assert.doesNotMatch(output, /^ +at /m);
  assert.equal(existsSync(path.join(folder, 'lab/runs/judge-1')), false, 'the judge was started all the same');
});
