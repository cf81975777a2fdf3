import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { decode } from 'fast-png';
import { parse } from 'yaml';
import type { PollResult } from '../../../src/domain/records.ts';
import type { OutcomeFile, RunFile } from '../../../src/domain/runDirectory.ts';
import { openRun } from '../../../src/readers/index.ts';
import { ModelSession } from '../../../src/trainer/engine/session.ts';
import { runTrainer, temporaryFolder, tinyImages, writeConfig, writeIdxSet } from './support.ts';

const classifier = {
  recipe: 'classifier',
  network: { kind: 'mlp', width: 16 },
  batchSize: 16,
  device: 'cpu',
  threads: 1,
  seed: 3,
};
const meanflow = {
  recipe: 'meanflow',
  network: { kind: 'dit', width: 16, layers: 1, heads: 2, patch: 4 },
  batchSize: 8,
  device: 'cpu',
  threads: 1,
};

test('the classifier learns a tiny data set and leaves a whole run directory', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...classifier, data: writeIdxSet(folder) });
  const { code, lines, complaint } = await runTrainer(folder, config, [
    'name=c1',
    'steps=120',
    'evaluateEvery=60',
    'checkpointEvery=50',
    'keepCheckpoints=2',
    'optimizer.learningRate=0.01',
  ]);
  assert.equal(code, 0, complaint);
  assert.match(lines[0]!, /^c1: classifier-mlp.* parameters, on cpu \(1 thread\)$/);
  const run = path.join(folder, 'runs', 'c1');
  assert.deepEqual(readdirSync(path.join(run, 'checkpoints')).sort(), [
    'last.safetensors',
    'step_00000100.safetensors',
    'step_00000120.safetensors',
  ]);
  assert.deepEqual(
    readdirSync(run).filter((name) => name.startsWith('.')),
    [],
  );
  const outcome = readJson<OutcomeFile>(run, 'outcome.json');
  assert.deepEqual([outcome.status, outcome.step, outcome.error], ['finished', 120, undefined]);
  const record = readJson<RunFile>(run, 'run.json');
  assert.deepEqual(
    [record.name, record.recipe, record.seed, record.totalSteps, record.device.used],
    ['c1', 'classifier', 3, 120, 'cpu (1 thread)'],
  );
  assert.deepEqual(
    record.dataSets.map(({ name, examples }) => [name, examples]),
    [
      ['train', 96],
      ['test', 20],
    ],
  );
  const resolved = parse(readFileSync(path.join(run, 'config.yaml'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [resolved['recipe'], resolved['name'], resolved['seed'], resolved['steps']],
    ['classifier', 'c1', 3, 120],
  );
  const log = await readLog(run);
  assert.deepEqual(log.problems, []);
  const loss = log.scalars.find(({ tag }) => tag === 'train/loss')!;
  assert.deepEqual(
    [...loss.steps],
    Array.from({ length: 120 }, (_, i) => i + 1),
  );
  assert.ok(loss.values.at(-1)! < 0.2 * loss.values[0]!, `${loss.values[0]} to ${loss.values.at(-1)}`);
  const accuracy = log.scalars.find(({ tag }) => tag === 'test/accuracy')!;
  assert.deepEqual([[...accuracy.steps], accuracy.values.at(-1)], [[60, 120], 1]);
  // Every series of the log is defined in run.json.
  for (const { tag } of log.scalars)
    assert.ok(
      record.metrics.some((metric) => metric.tag === tag),
      tag,
    );
});

test('the exported model of a classifier classifies, outside of the trainer', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...classifier, data: writeIdxSet(folder) });
  await runTrainer(folder, config, ['name=c', 'steps=150', 'optimizer.learningRate=0.01']);
  const session = await ModelSession.create(readFileSync(path.join(folder, 'runs/c/model.onnx')), {
    device: 'cpu',
    threads: 1,
  });
  t.after(() => session.dispose());
  assert.deepEqual(session.inputShape('images'), [-1, 8, 8, 1]);
  const { images, labels } = tinyImages({ examples: 100, side: 8, classes: 4 });
  const { logits } = await session.run({ images: { data: images, shape: [100, 8, 8, 1] } });
  const right = [...labels].filter((label, i) => {
    const row = [...(logits as Float32Array).subarray(i * 4, i * 4 + 4)];
    return row.indexOf(Math.max(...row)) === label;
  });
  assert.equal(right.length, labels.length);
});

test('meanflow draws samples, and a classifier of the same data judges them', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const judge = writeConfig(folder, { ...classifier, data }, 'judge.yaml');
  await runTrainer(folder, judge, ['name=judge', 'steps=60', 'optimizer.learningRate=0.01']);
  const config = writeConfig(folder, { ...meanflow, data });
  const { code, complaint } = await runTrainer(folder, config, [
    'name=m',
    'steps=40',
    'sampleEvery=20',
    'samples.count=20',
    'judge=runs/judge/model.onnx',
  ]);
  assert.equal(code, 0, complaint);
  const run = path.join(folder, 'runs', 'm');
  assert.deepEqual(readdirSync(path.join(run, 'samples')), ['step_00000020.png', 'step_00000040.png']);
  const png = decode(readFileSync(path.join(run, 'samples', 'step_00000040.png')));
  const log = await readLog(run);
  const images = log.media.filter(({ kind }) => kind === 'image');
  assert.deepEqual(
    images.map(({ tag, step, width, height }) => [tag, step, width, height]),
    [
      ['samples', 20, png.width, png.height],
      ['samples', 40, png.width, png.height],
    ],
  );
  const confidence = log.scalars.find(({ tag }) => tag === 'samples/confidence')!;
  assert.deepEqual([...confidence.steps], [20, 40]);
  for (const value of confidence.values) assert.ok(value > 0.25 && value <= 1, String(value));
});

test('one seed gives the same run twice, another seed another one', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...meanflow, data: writeIdxSet(folder) });
  const losses: string[] = [];
  for (const [name, seed] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const) {
    await runTrainer(folder, config, [`name=${name}`, `seed=${seed}`, 'steps=10', 'samples.count=4']);
    const log = await readLog(path.join(folder, 'runs', name));
    losses.push(log.scalars.find(({ tag }) => tag === 'train/loss')!.values.join());
  }
  assert.equal(losses[0], losses[1]);
  assert.notEqual(losses[0], losses[2]);
});

test('a run that the worker starts keeps its id, directory and commit', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...classifier, data: writeIdxSet(folder) });
  const run = path.join(folder, 'elsewhere', 'r1');
  mkdirSync(run, { recursive: true });
  writeFileSync(
    path.join(run, 'launch.json'),
    JSON.stringify({ id: 'ID1', name: 'given', createdAt: 5, commit: 'abc', dirty: true }),
  );
  const environment = { TRAINYARD_RUN_DIR: run, TRAINYARD_RUN_ID: 'ID1' };
  const { code } = await runTrainer(folder, config, ['steps=3'], { environment });
  assert.equal(code, 0);
  const record = readJson<RunFile>(run, 'run.json');
  assert.deepEqual(
    [record.id, record.name, record.createdAt, record.commit, record.dirty],
    ['ID1', 'given', 5, 'abc', true],
  );
  assert.ok(!existsSync(path.join(folder, 'runs')));
});

test('without a test set a classifier trains, and says that it is not evaluated', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const config = writeConfig(folder, { ...classifier, data });
  for (const name of readdirSync(data)) if (name.startsWith('t10k')) rmSync(path.join(data, name));
  const { code, lines } = await runTrainer(folder, config, ['steps=5', 'name=x']);
  assert.equal(code, 0);
  assert.ok(lines.includes('There is no test set, so nothing is evaluated on it.'), lines.join('\n'));
});

async function readLog(run: string): Promise<PollResult> {
  const reader = openRun({ source: 'tensorboard', path: run, root: run, name: 'x' });
  try {
    return await reader.poll(undefined, { maxBytes: 50_000_000 });
  } finally {
    reader.dispose();
  }
}

function readJson<T>(run: string, name: string): T {
  return JSON.parse(readFileSync(path.join(run, name), 'utf8')) as T;
}
