import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Checkpoint } from '../../../../src/domain/checkpoint.ts';
import type { RunId } from '../../../../src/domain/ids.ts';
import {
  checkpointContext,
  checkpointTitle,
  collectCheckpoints,
  describeCheckpoint,
  describeGroup,
} from '../../../../src/extension/checkpoints/model.ts';

function file(change: Partial<Omit<Checkpoint, 'runId'>> & { readonly runId?: string }): Checkpoint {
  const { runId, ...rest } = change;
  const fileName = rest.fileName ?? `step_${rest.step ?? 0}.safetensors`;
  return {
    path: `/lab/runs/${runId ?? 'none'}/checkpoints/${fileName}`,
    fileName,
    architecture: 'dit',
    format: 'safetensors',
    sizeBytes: 1_500_000,
    modifiedAt: 1000,
    isLast: false,
    resumable: true,
    ...(runId === undefined ? {} : { runId: runId as RunId, runName: `name of ${runId}` }),
    ...rest,
  };
}

test('checkpoints stand under architecture and run: last first, then by step downwards, newest run first', () => {
  const tree = collectCheckpoints([
    file({ runId: 'a', step: 100 }),
    file({ runId: 'a', step: 2000 }),
    file({ runId: 'a', step: 2000, isLast: true, fileName: 'last.safetensors' }),
    file({ runId: 'b', step: 5, modifiedAt: 2000 }),
    file({ architecture: 'unet', fileName: 'x.pt', format: 'torch', resumable: false }),
  ]);
  const outline = tree.map(({ name, children }) => [
    name,
    children.map((run) => [run.name, run.children.map(({ checkpoint }) => checkpointTitle(checkpoint))]),
  ]);
  assert.deepEqual(outline, [
    [
      'dit',
      [
        ['name of b', ['step 5']],
        ['name of a', ['last · step 2000', 'step 2000', 'step 100']],
      ],
    ],
    ['unet', [['Without a run', ['x.pt']]]],
  ]);
});

test('rows have ids of their own and rows of runs name the run', () => {
  const tree = collectCheckpoints([
    file({ runId: 'a', step: 1 }),
    file({ runId: 'a', step: 2 }),
    file({ runId: 'b', step: 1 }),
  ]);
  const runs = tree.flatMap(({ children }) => children);
  const ids = [...tree, ...runs, ...runs.flatMap(({ children }) => children)].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(runs.map(({ runId }) => runId).sort(), ['a', 'b']);
});

test('the description tells best value, size and age', () => {
  const best = file({ step: 10, best: { tag: 'eval/loss', value: 0.25 } });
  assert.equal(describeCheckpoint(best, 1000 + 7200), 'best eval/loss 0.25 · 1.5 MB · 2 h ago');
  assert.equal(describeCheckpoint(file({ isLast: true, step: 40 }), 1000), '1.5 MB · just now');
  assert.equal(describeGroup([best, best]), '2 checkpoints · 3.0 MB');
});

test('a checkpoint of a fixed name is called by it and by what it holds', () => {
  const last = (change: Partial<Checkpoint>) =>
    checkpointTitle(file({ isLast: true, fileName: 'last.ckpt', ...change } as never));
  assert.deepEqual(
    [last({ step: 1600 }), last({ epoch: 3 }), last({})],
    ['last · step 1600', 'last · epoch 3', 'last'],
  );
});

test('only checkpoints of known runs can be resumed', () => {
  assert.equal(checkpointContext(file({ runId: 'a' })), 'checkpoint resumable');
  assert.equal(checkpointContext(file({})), 'checkpoint');
});
