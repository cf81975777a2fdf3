import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { GpuReport } from '../../gpu/report.ts';

const main = path.resolve(import.meta.dirname, '../../gpu/main.ts');

function run(t: TestContext, args: readonly string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-gpu-check-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', main, '--device', 'cpu', '--small', '--no-torch', '--out', folder, ...args],
    { encoding: 'utf8' },
  );
  const read = () => JSON.parse(readFileSync(path.join(folder, 'gpu-cpu-small.json'), 'utf8')) as GpuReport;
  return { status, said: `${stdout}${stderr}`, read, folder };
}

test('every part of the test on a GPU runs here, small, on the CPU, and writes its report', (t) => {
  const { status, said, read, folder } = run(t, []);
  assert.equal(status, 0, said);
  const { parts } = read();
  const names = parts.map(({ part }) => part);
  assert.deepEqual(names, [
    'proof',
    'operations',
    'recipes',
    'placement',
    'repetition',
    'speed mlp:fp32',
    'speed unetTiny:bf16',
  ]);
  for (const { part, ended, rows } of parts) {
    assert.equal(ended, undefined, part);
    assert.ok(rows.length > 0, part);
  }
  const ours = parts.find(({ part }) => part === 'speed mlp:fp32')!.rows[0]!;
  assert.ok(Number(ours.figures['ms of a call beyond its steps']) >= 0);
  assert.match(readFileSync(path.join(folder, 'gpu-cpu-small.md'), 'utf8'), /^## recipes: 3 of 3 well/m);
});

test('without time left, parts are left out and told; a device that fails is no success', (t) => {
  const late = run(t, ['--minutes', '0', '--only', 'proof,speed/mlp:fp32']);
  assert.equal(late.status, 1);
  assert.deepEqual(
    late.read().parts.map(({ part, ended }) => [part, ended]),
    [
      ['proof', 'left out, since no time was left'],
      ['speed mlp:fp32', 'left out, since no time was left'],
    ],
  );
  // A later call adds to what is there, and puts a copy where it is asked to.
  const copy = path.join(late.folder, 'copy');
  const more = ['--only', 'speed/mlp:fp32', '--add', '--copy', copy, '--out', late.folder];
  assert.equal(run(t, more).status, 0);
  assert.deepEqual(
    late.read().parts.map(({ part, rows }) => [part, rows.length]),
    [
      ['proof', 0],
      ['speed mlp:fp32', 3],
    ],
  );
  assert.equal(
    readFileSync(path.join(copy, 'gpu-cpu-small.json'), 'utf8'),
    readFileSync(path.join(late.folder, 'gpu-cpu-small.json'), 'utf8'),
  );
  const wrong = spawnSync(
    process.execPath,
    ['--no-warnings', main, '--device', 'dml', '--small', '--no-torch', '--only', 'proof', '--out', late.folder],
    { encoding: 'utf8' },
  );
  assert.equal(wrong.status, 1, 'DirectML is not to be had on this system');
  assert.match(wrong.stdout, /proof: 0 of 1 well/);
});
