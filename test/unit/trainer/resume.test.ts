import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import type { RunFile } from '../../../src/domain/runDirectory.ts';
import { openRun } from '../../../src/readers/index.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';
import {
  checkpointBits,
  eventBytes,
  hasCheckpoint,
  outcomeOf,
  startTraining,
  trainToEnd,
  until,
} from './trainProcess.ts';

const steps = 320;

/** Long enough to be hit in the middle; checkpoints and samples on different beats, calls of 7 steps. */
function setUp(folder: string): string {
  return writeConfig(folder, {
    recipe: 'meanflow',
    network: { kind: 'dit', width: 16, layers: 1, heads: 2, patch: 4 },
    data: writeIdxSet(folder),
    batchSize: 8,
    device: 'cpu',
    threads: 1,
    steps,
    stepsPerRun: 7,
    checkpointEvery: 20,
    sampleEvery: 150,
    samples: { count: 4 },
  });
}

let unbroken: Record<string, string>;
let unbrokenLosses: readonly number[];

before(async () => {
  const context = { after: (clean: () => void) => process.once('exit', clean) };
  const folder = temporaryFolder(context as never);
  const ended = await trainToEnd(folder, [setUp(folder), 'name=whole']);
  assert.equal(ended.code, 0, ended.errors);
  unbroken = checkpointBits(path.join(folder, 'runs/whole'));
  unbrokenLosses = (await lossesByStep(path.join(folder, 'runs/whole'))).values;
});

test('a stopped run saves within one call, says so, and a new run goes on from it to the same bits', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  const first = path.join(folder, 'runs/first');
  const training = startTraining(folder, [config, 'name=first']);
  await until(training, () => hasCheckpoint(first));
  training.child.kill('SIGINT');
  const ended = await training.ended;
  assert.deepEqual([ended.code, ended.signal], [130, null], ended.errors);
  assert.match(ended.output, /Stopped by SIGINT at step \d+\./);
  const { status, step } = outcomeOf(first);
  assert.equal(status, 'stopped');
  assert.ok(step > 0 && step < steps);
  assert.ok(readdirSync(path.join(first, 'checkpoints')).includes(`step_${String(step).padStart(8, '0')}.safetensors`));
  assert.ok(readdirSync(first).includes('model.onnx'));
  const resumed = await trainToEnd(folder, [config, 'name=second', 'resume=runs/first/checkpoints/last.safetensors']);
  assert.equal(resumed.code, 0, resumed.errors);
  const second = path.join(folder, 'runs/second');
  assert.deepEqual(checkpointBits(second), unbroken);
  const parent = JSON.parse(readFileSync(path.join(first, 'run.json'), 'utf8')) as RunFile;
  const record = JSON.parse(readFileSync(path.join(second, 'run.json'), 'utf8')) as RunFile;
  assert.deepEqual(record.resumedFrom, {
    runId: parent.id,
    checkpoint: path.join(first, 'checkpoints/last.safetensors'),
    step,
  });
});

test('SIGTERM stops a run too, also before it has begun to train', async (t) => {
  const folder = temporaryFolder(t);
  const training = startTraining(folder, [setUp(folder), 'name=early']);
  const run = path.join(folder, 'runs/early');
  await until(training, () => readOr(path.join(run, 'progress.json')) !== '');
  training.child.kill('SIGTERM');
  assert.equal((await training.ended).code, 143);
  assert.equal(outcomeOf(run).status, 'stopped');
});

test('a run goes on when nobody reads its output any more', async (t) => {
  const folder = temporaryFolder(t);
  const training = startTraining(folder, [setUp(folder), 'name=alone', 'steps=60']);
  training.child.stdout!.destroy();
  training.child.stderr!.destroy();
  assert.equal((await training.ended).code, 0);
  assert.equal(outcomeOf(path.join(folder, 'runs/alone')).status, 'finished');
});

test('killed at random moments and started again each time, a run ends with the bits and the log of an unbroken one', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  const run = path.join(folder, 'runs/killed');
  const args = [config, 'name=killed', 'resume=last'];
  let kills = 0;
  for (let round = 0; round < 4; round++) {
    const training = startTraining(folder, args);
    const begun = eventBytes(run);
    await until(training, () => eventBytes(run) > begun + 500);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
    training.child.kill('SIGKILL');
    const ended = await training.ended;
    if (ended.code !== null) break;
    kills += 1;
    // Whatever moment it was: every checkpoint that has its name is whole.
    for (const name of readdirSync(path.join(run, 'checkpoints')).filter((each) => !each.startsWith('.')))
      checkpointBits(run, name);
  }
  assert.ok(kills > 0, 'no round was killed in time');
  const last = await trainToEnd(folder, args);
  assert.equal(last.code, 0, last.errors);
  assert.deepEqual(checkpointBits(run), unbroken);
  const losses = await lossesByStep(run);
  assert.deepEqual(losses.problems, []);
  assert.deepEqual(losses.values, unbrokenLosses);
  assert.deepEqual(
    readdirSync(path.join(run, 'checkpoints')).filter((name) => name.startsWith('.')),
    [],
  );
});

test('killed behind its last checkpoint, a run only writes its last words', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  await runTrainer(folder, config, ['name=a', 'steps=20']);
  const run = path.join(folder, 'runs/a');
  const bits = checkpointBits(run);
  for (const name of ['outcome.json', 'model.onnx']) rmSync(path.join(run, name));
  const { code, complaint } = await runTrainer(folder, config, ['name=a', 'steps=20', 'resume=last']);
  assert.equal(code, 0, complaint);
  assert.deepEqual([outcomeOf(run).status, outcomeOf(run).step], ['finished', 20]);
  assert.ok(readdirSync(run).includes('model.onnx'));
  assert.deepEqual(checkpointBits(run), bits);
});

test('a checkpoint that does not fit is refused with the reason', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  await runTrainer(folder, config, ['name=a', 'steps=20']);
  const last = 'runs/a/checkpoints/last.safetensors';
  writeFileSync(path.join(folder, 'cut.safetensors'), readFileSync(path.join(folder, last)).subarray(0, 5000));
  writeFileSync(path.join(folder, 'other.safetensors'), Buffer.from('no checkpoint at all'));
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'architecture',
      [`resume=${last}`, 'network.width=32'],
      /is a checkpoint of meanflow-dit-p4-w16.*; this run trains meanflow-dit-p4-w32/,
    ],
    ['no steps left', [`resume=${last}`, 'steps=20'], /is at step 20, and the run is to have 20 steps/],
    ['missing', ['resume=nowhere.safetensors'], /The checkpoint to resume from does not exist/],
    ['cut', ['resume=cut.safetensors'], /cut\.safetensors cannot be used: it is cut/],
    ['another file', ['resume=other.safetensors'], /other\.safetensors cannot be used/],
  ];
  for (const [name, overrides, says] of cases) {
    const { code, complaint } = await runTrainer(folder, config, [`name=${name.replaceAll(' ', '-')}`, ...overrides]);
    assert.equal(code, 1, name);
    assert.match(complaint, says, name);
  }
});

/** The loss that counts for each step: of points that came again after a kill, the last. */
async function lossesByStep(run: string): Promise<{ values: readonly number[]; problems: readonly unknown[] }> {
  const reader = openRun({ source: 'tensorboard', path: run, root: run, name: 'x' });
  const { scalars, problems } = await reader.poll(undefined, { maxBytes: 50_000_000 });
  reader.dispose();
  const byStep = new Map<number, number>();
  for (const batch of scalars.filter(({ tag }) => tag === 'train/loss')) {
    batch.steps.forEach((step, i) => void byStep.set(step, batch.values[i]!));
  }
  // A record that a kill cut off at the end of a file is no loss: its step comes again.
  const real = problems.filter(({ message }) => !/cut|ends/.test(message));
  return { values: [...byStep].sort((a, b) => a[0] - b[0]).map(([, value]) => value), problems: real };
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
