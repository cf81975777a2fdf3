import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Checkpoint } from '../../../src/domain/checkpoint.ts';
import { listForeignCheckpoints, listRunCheckpoints } from '../../../src/readers/index.ts';
import { initialState } from '../../../src/trainer/engine/trainState.ts';
import { CheckpointStore } from '../../../src/trainer/run/checkpointStore.ts';
import { LastSteps } from '../../../src/worker/lastSteps.ts';
import { temporaryFolder } from '../readers/support/events.ts';

const layout = [{ name: 'w', shape: [2, 3], offset: 0, size: 6 }];
const facts = {
  recipe: 'tabular',
  recipeVersion: 1,
  architecture: 'mlp',
  runId: '01R',
  runName: 'r',
  seed: 0,
  config: '{"steps":1600}',
  data: '',
};

/** A run's folder with checkpoints of these steps, as the trainer writes them. */
function writeRun(root: string, ...steps: readonly number[]): string {
  const store = new CheckpointStore(root, layout, facts, 2);
  for (const step of steps) store.save({ ...initialState(Float32Array.from([1, 2, 3, 4, 5, 6])), step });
  return path.join(root, 'checkpoints', 'last.safetensors');
}

function plainList(root: string): Promise<readonly Checkpoint[]> {
  const run = { source: 'trainyard', path: root, root, name: 'r' } as const;
  return listRunCheckpoints({ run, name: 'r' });
}

async function listed(root: string): Promise<readonly Checkpoint[]> {
  return await new LastSteps().added(await plainList(root));
}

const said = (checkpoints: readonly Checkpoint[]) => checkpoints.map(({ fileName, step }) => [fileName, step]);

test('the last checkpoint of a run has the step that it holds, and stays in its place', async (context) => {
  const root = temporaryFolder(context);
  writeRun(root, 800, 1200, 1600);
  assert.deepEqual(said(await listed(root)), [
    ['step_00001200.safetensors', 1200],
    ['step_00001600.safetensors', 1600],
    ['last.safetensors', 1600],
  ]);
  writeRun(root, 2000);
  assert.deepEqual(said(await listed(root)).at(-1), ['last.safetensors', 2000]);
});

test('a file is read once for as long as it stays the same', async (context) => {
  const root = temporaryFolder(context);
  const last = writeRun(root, 1600);
  const list = await plainList(root);
  const steps = new LastSteps();
  assert.deepEqual(said(await steps.added(list)).at(-1), ['last.safetensors', 1600]);
  rmSync(last);
  assert.deepEqual(said(await steps.added(list)).at(-1), ['last.safetensors', 1600]);
  const [, changed] = await steps.added(list.map((each) => ({ ...each, modifiedAt: each.modifiedAt + 1 })));
  assert.match(changed?.problem ?? '', /cannot be read/);
});

test('checkpoints of PyTorch Lightning tell their step too', async (context) => {
  const root = temporaryFolder(context);
  mkdirSync(path.join(root, 'checkpoints'));
  const fixture = path.resolve(import.meta.dirname, '../../fixtures/checkpoints/lightning.ckpt');
  copyFileSync(fixture, path.join(root, 'checkpoints', 'last.ckpt'));
  const [last] = await new LastSteps().added(await listForeignCheckpoints([root], { name: 'r' }));
  assert.deepEqual([last?.fileName, last?.step, last?.epoch, last?.problem], ['last.ckpt', 84, 2, undefined]);
});

test('one that cannot be read is listed without a step and says why', async (context) => {
  const root = temporaryFolder(context);
  const last = writeRun(root, 1600);
  truncateSync(last, 40);
  const cut = (await listed(root)).at(-1)!;
  assert.deepEqual([cut.fileName, cut.step], ['last.safetensors', undefined]);
  assert.match(cut.problem ?? '', /is cut: its header needs/);
});
