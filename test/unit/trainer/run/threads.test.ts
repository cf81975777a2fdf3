import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from '../support.ts';

const threadsOf = (run: string) =>
  (parse(readFileSync(path.join(run, 'config.yaml'), 'utf8')) as { threads: number }).threads;

test('threads=0 is decided by a measurement, kept in the configuration, and kept when the run goes on', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, {
    recipe: 'classifier',
    data: writeIdxSet(folder),
    device: 'cpu',
    batchSize: 16,
    steps: 6,
    checkpointEvery: 4,
  });
  const begun = await runTrainer(folder, config, ['name=auto', 'threads=0']);
  assert.equal(begun.code, 0, begun.complaint);
  const run = path.join(folder, 'runs', 'auto');
  const chosen = threadsOf(run);
  assert.ok(chosen >= 1 && chosen <= availableParallelism(), `${chosen}`);
  assert.match(begun.lines[0]!, new RegExp(`on cpu \\(${chosen} thread`));

  // Another machine would measure another number: the checkpoint's own counts, here one that no measurement gives.
  const odd = await runTrainer(folder, config, ['name=odd', 'threads=3']);
  assert.equal(odd.code, 0, odd.complaint);
  const checkpoint = path.join(folder, 'runs', 'odd', 'checkpoints', 'step_00000004.safetensors');
  const onward = await runTrainer(folder, config, ['name=onward', 'threads=0', `resume=${checkpoint}`]);
  assert.equal(onward.code, 0, onward.complaint);
  assert.equal(threadsOf(path.join(folder, 'runs', 'onward')), 3);
});
