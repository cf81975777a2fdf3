import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../../src/base/errors.ts';
import { useCheckpoint } from '../../../src/worker/checkpointUse.ts';

const trainer = {
  node: process.execPath,
  nodeArguments: ['--no-warnings'],
  trainyard: path.resolve(import.meta.dirname, '../../../src/cli/main.ts'),
  env: {},
};
const never = new AbortController().signal;

function isError(code: string, says: RegExp) {
  return (error: unknown) => error instanceof AppError && error.code === code && says.test(error.message);
}

test('a checkpoint of a table is measured and exported beside its run, and what cannot be done is a sentence', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-use-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 2},${(i * 7) % 5},${i % 2 === 0 ? 'even' : 'odd'}`);
  writeFileSync(path.join(folder, 'table.csv'), ['a,b,kind', ...rows].join('\n'));
  const { runTrain } = await import('../../../src/cli/train.ts');
  const before = process.cwd();
  process.chdir(folder);
  t.after(() => process.chdir(before));
  const keys = [
    'data=table.csv',
    'target=kind',
    'steps=4',
    'batchSize=8',
    'network.width=8',
    'device=cpu',
    'threads=1',
  ];
  assert.equal(await runTrain(['tabular', ...keys, 'name=one']), 0);
  const run = path.join(folder, 'runs', 'one');
  const last = path.join(run, 'checkpoints', 'last.safetensors');

  const measured = await useCheckpoint(trainer, last, { kind: 'eval' }, never);
  assert.deepEqual([measured.run, measured.step, measured.missing], ['one', 4, []]);
  assert.ok(Number.isFinite(measured.metrics['test/loss']));

  const made = await useCheckpoint(trainer, last, { kind: 'export' }, never);
  assert.equal(made.file, path.join(run, 'exported', 'last.onnx'));
  assert.deepEqual(readFileSync(made.file), readFileSync(path.join(run, 'model.onnx')));

  await assert.rejects(
    useCheckpoint(trainer, last, { kind: 'sample', seed: 3 }, never),
    isError('bad-file', /^The recipe tabular draws no samples\./),
  );
  await assert.rejects(
    useCheckpoint(trainer, path.join(folder, 'gone.safetensors'), { kind: 'eval' }, never),
    isError('not-found', /gone\.safetensors/),
  );
  const broken = path.join(folder, 'broken', 'checkpoints', 'last.safetensors');
  mkdirSync(path.dirname(broken), { recursive: true });
  writeFileSync(broken, 'no checkpoint');
  await assert.rejects(
    useCheckpoint(trainer, broken, { kind: 'eval' }, never),
    isError('bad-file', /last\.safetensors/),
  );
  await assert.rejects(
    useCheckpoint(trainer, last, { kind: 'eval' }, AbortSignal.abort()),
    isError('cancelled', /cancelled/),
  );

  rmSync(path.join(folder, 'table.csv'));
  const without = await useCheckpoint(trainer, last, { kind: 'eval' }, never);
  assert.deepEqual([without.metrics, without.missing], [{}, ['test']]);
  assert.ok(existsSync(last));
});
