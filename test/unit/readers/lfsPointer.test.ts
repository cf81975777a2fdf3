import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { discoverRuns, inspectCheckpoint, openRun } from '../../../src/readers/index.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const pointer =
  'version https://git-lfs.github.com/spec/v1\n' +
  'oid sha256:408e0deacdea0c8618dba746a9b1f705959b06396fe4c8b3651d8fd7b030bd11\nsize 4419\n';

test('logs that Git LFS has not fetched are told as that, whatever wrote them', async (context) => {
  const root = temporaryFolder(context);
  const put = (file: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), pointer);
  };
  put('tb/events.out.tfevents.1674944078.host.1.0');
  put('wandb/run-20260101_000000-abcd1234/run-abcd1234.wandb');
  put('bert/trainer_state.json');
  put('mlflow.db');
  put('metrics.jsonl');
  const { runs, skipped } = await discoverRuns(root);
  assert.deepEqual(runs.map(({ source }) => source).toSorted(), ['hf-trainer', 'tensorboard', 'wandb']);
  for (const run of runs) {
    const gatherer = new Gatherer();
    const reader = openRun(run);
    await pollAll(reader, gatherer);
    reader.dispose();
    assert.deepEqual(
      gatherer.problems.map(({ message }) => /pointer of Git LFS.*git lfs pull/.test(message)),
      [true],
      run.source,
    );
  }
  assert.deepEqual(skipped.map(({ path: file }) => path.basename(file)).toSorted(), ['metrics.jsonl', 'mlflow.db']);
  for (const { reason } of skipped) assert.match(reason, /git lfs pull/);
});

test('a checkpoint that Git LFS has not fetched is told as that', async (context) => {
  const file = path.join(temporaryFolder(context), 'model.safetensors');
  writeFileSync(file, pointer);
  const result = await inspectCheckpoint(file);
  assert.ok(!result.ok);
  assert.match(result.message, /git lfs pull/);
});
