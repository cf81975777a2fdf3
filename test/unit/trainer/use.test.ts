import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openRun } from '../../../src/readers/index.ts';
import { openCheckpoint } from '../../../src/trainer/use/openCheckpoint.ts';
import { drawSamples, exportCheckpoint, measureCheckpoint } from '../../../src/trainer/use/useCheckpoint.ts';
import { Gatherer, pollAll } from '../readers/support/cuts.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';

const common = { device: 'cpu', threads: 1, seed: 4, steps: 12 };

test('samples of a checkpoint are those that the run drew, bit by bit, also without the data set', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const network = { kind: 'dit', width: 16, layers: 1, heads: 2, patch: 4 };
  const config = writeConfig(folder, { recipe: 'meanflow', network, batchSize: 8, ...common, data, sampleEvery: 6 });
  const { code, complaint } = await runTrainer(folder, config, ['name=m', 'checkpointEvery=6']);
  assert.equal(code, 0, complaint);
  rmSync(data, { recursive: true });
  const run = path.join(folder, 'runs', 'm');
  for (const step of ['00000006', '00000012']) {
    const opened = await openCheckpoint(path.join(run, 'checkpoints', `step_${step}.safetensors`));
    assert.equal(opened.step, Number(step));
    const drawn = await drawSamples(opened);
    assert.deepEqual(Buffer.from(drawn.bytes), readFileSync(path.join(run, 'samples', `step_${step}.png`)));
    const other = await drawSamples(opened, 5);
    assert.notDeepEqual(other.bytes, drawn.bytes);
    assert.deepEqual((await drawSamples(opened, 5)).bytes, other.bytes);
  }
});

test('a checkpoint is exported as its run did it, byte for byte', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const network = { kind: 'mlp', width: 16 };
  const config = writeConfig(folder, { recipe: 'classifier', network, batchSize: 16, ...common, data });
  const { code, complaint } = await runTrainer(folder, config, ['name=e']);
  assert.equal(code, 0, complaint);
  rmSync(data, { recursive: true });
  const run = path.join(folder, 'runs', 'e');
  const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
  assert.deepEqual(Buffer.from(exportCheckpoint(opened)), readFileSync(path.join(run, 'model.onnx')));
});

test('a checkpoint is measured as its run measured it', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const network = { kind: 'mlp', width: 16 };
  const config = writeConfig(folder, { recipe: 'classifier', network, batchSize: 16, ...common, data });
  const { code, complaint } = await runTrainer(folder, config, ['name=c']);
  assert.equal(code, 0, complaint);
  const run = path.join(folder, 'runs', 'c');
  const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
  const { metrics, dataSets, missing } = await measureCheckpoint(opened);
  assert.deepEqual(missing, []);
  assert.match(dataSets['test']!, /^[0-9a-f]{64}$/);
  const gatherer = new Gatherer();
  const reader = openRun({ source: 'trainyard', path: run, root: folder, name: 'c' });
  await pollAll(reader, gatherer).finally(() => reader.dispose());
  const tags = Object.keys(metrics);
  assert.ok(tags.length > 0);
  for (const tag of tags) assert.equal(Math.fround(metrics[tag]!), gatherer.rows.scalars[tag]!.values.at(-1), tag);
  await assert.rejects(drawSamples(opened), /draws no samples/);
  rmSync(data, { recursive: true });
  const nothing = { metrics: {}, texts: {}, dataSets: {}, timings: {} };
  assert.deepEqual(await measureCheckpoint(opened), { ...nothing, missing: ['test'] });
});

test('a file that is no checkpoint of ours is refused', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(openCheckpoint(path.join(folder, 'none.safetensors')), /none\.safetensors/);
});
