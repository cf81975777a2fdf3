import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { encode } from 'fast-png';
import type { FoundRun } from '../../../src/domain/records.ts';
import { runFiles } from '../../../src/domain/runDirectory.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { TrainyardReader } from '../../../src/readers/trainyard/format.ts';
import { askSystem } from '../../../src/readers/trainyard/processLife.ts';
import { event, readAll, scalarV1, summary, temporaryFolder, value, version } from './support/events.ts';
import { bytes, int, message } from './support/proto.ts';

const run = (folder: string): FoundRun => ({
  source: 'trainyard',
  path: folder,
  root: path.dirname(folder),
  name: path.basename(folder),
});
const writeJson = (folder: string, file: string, tree: unknown): void =>
  writeFileSync(path.join(folder, file), JSON.stringify(tree));

const launchRecord = {
  format: 1,
  id: '01JD0000000000000000000000',
  requestId: 'r',
  name: 'digits-1',
  recipe: 'meanflow',
  createdAt: 1000,
  command: ['node', 'trainyard.cjs', 'train', 'config.yaml'],
  cwd: '/lab',
  env: {},
  device: 'auto',
  overrides: [],
  commit: 'abc123',
  dirty: true,
  labels: [],
};
const runFile = {
  format: 1,
  id: launchRecord.id,
  name: 'digits-1',
  recipe: 'meanflow',
  recipeVersion: 1,
  architecture: 'dit',
  parameters: 10,
  seed: 1,
  totalSteps: 100,
  createdAt: 1001,
  startedAt: 1002,
  device: { requested: 'auto', used: 'cpu (2 threads)', refused: [] },
  dataSets: [],
  versions: { trainyard: '0', onnxruntime: '1', node: '24', platform: 'linux' },
  metrics: [
    { tag: 'train/loss', title: 'Loss', unit: '', direction: 'minimize', version: 1, description: '', primary: true },
  ],
};

test('a run directory is read from its launch to its end', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'digits-1');
  mkdirSync(path.join(folder, runFiles.samples), { recursive: true });
  writeJson(folder, runFiles.launch, launchRecord);
  const reader = new TrainyardReader(run(folder), { now: () => 1010, askProcess: async () => 'alive' });
  const found = await readAll(reader);
  assert.deepEqual(
    [found.facts.status, found.facts.id, found.facts.name, found.facts.recipe],
    ['queued', launchRecord.id, 'digits-1', 'meanflow'],
  );
  assert.deepEqual(
    [found.facts.command, found.facts.commit, found.facts.dirty, found.facts.createdAt],
    [launchRecord.command, 'abc123', true, 1000],
  );

  const identity = { pid: 1, startTime: '1', bootId: 'b' };
  writeJson(folder, runFiles.state, {
    runId: launchRecord.id,
    shim: identity,
    child: identity,
    startedAt: 1001,
    heartbeatAt: 1009,
  });
  writeFileSync(
    path.join(folder, runFiles.config),
    'recipe: meanflow\noptimizer:\n  learningRate: 1.0e-3\nlimit: .nan\nseed: 7\n',
  );
  await readAll(reader, found);
  assert.equal(found.facts.status, 'starting');
  assert.deepEqual(found.facts.config, {
    recipe: 'meanflow',
    optimizer: { learningRate: 0.001 },
    limit: 'NaN',
    seed: 7,
  });

  writeJson(folder, runFiles.run, runFile);
  writeJson(folder, runFiles.progress, {
    step: 20,
    totalSteps: 100,
    phase: 'training',
    secondsPerStep: 0.1,
    updatedAt: 1009,
  });
  const picture = encode({ width: 3, height: 2, channels: 1, data: new Uint8Array(6) });
  const logged = value('samples', message(4, int(1, 2), int(2, 3), bytes(4, picture)));
  writeFileSync(
    path.join(folder, 'events.out.tfevents.1001.host'),
    Buffer.concat([version(), scalarV1(1003, 1, 'train/loss', 2), event(1004, 20, summary(logged))]),
  );
  writeFileSync(path.join(folder, runFiles.samples, 'step_00000020.png'), picture);
  writeFileSync(path.join(folder, runFiles.samples, 'step_00000040.png'), picture.subarray(0, 40));
  await readAll(reader, found);
  assert.deepEqual(
    [found.facts.status, found.facts.device, found.facts.architecture, found.facts.startedAt],
    ['running', 'cpu (2 threads)', 'dit', 1002],
  );
  assert.deepEqual(found.facts.progress, { step: 20, totalSteps: 100, phase: 'training', secondsPerStep: 0.1 });
  assert.deepEqual(found.facts.definitions, runFile.metrics);
  assert.deepEqual(found.rows.get('train/loss')!.values, [2]);
  assert.deepEqual(
    found.media.map(({ tag, step, width, height, place }) => ({ tag, step, width, height, place })),
    [{ tag: 'samples', step: 20, width: 3, height: 2, place: { at: 'file', file: 'samples/step_00000020.png' } }],
  );

  writeFileSync(path.join(folder, runFiles.samples, 'step_00000040.png'), picture);
  writeJson(folder, runFiles.outcome, { status: 'finished', step: 100, endedAt: 1020 });
  writeJson(folder, runFiles.exit, {
    runId: launchRecord.id,
    code: 0,
    signal: null,
    endedAt: 1021,
    stopRequested: false,
  });
  await readAll(new TrainyardReader(run(folder)), found);
  assert.deepEqual(
    [found.facts.status, found.facts.statusReason, found.facts.endedAt],
    ['finished', 'Finished at step 100 (exit code 0).', 1021],
  );
  assert.deepEqual(
    found.media.map(({ step }) => step),
    [20, 40],
  );
  assert.equal(found.resets, 0);
});

test('a half-written JSON file keeps what was known, and is told when it stays so', async (context) => {
  const folder = temporaryFolder(context);
  writeJson(folder, runFiles.launch, launchRecord);
  writeJson(folder, runFiles.progress, { step: 20, totalSteps: 100, phase: 'training', updatedAt: 1009 });
  let now = 1010;
  const reader = new TrainyardReader(run(folder), { now: () => now });
  const found = await readAll(reader);
  const halfWritten = readFileSync(path.join(folder, runFiles.progress)).subarray(0, 20);
  writeFileSync(path.join(folder, runFiles.progress), halfWritten);
  utimesSync(path.join(folder, runFiles.progress), 1009, 1009);
  await readAll(reader, found);
  assert.equal(found.facts.progress!.step, 20);
  assert.deepEqual(found.problems, []);
  now = 1030;
  await readAll(reader, found);
  await readAll(reader, found);
  assert.deepEqual(
    found.problems.map(({ file }) => file),
    [runFiles.progress],
  );
  writeJson(folder, runFiles.progress, { step: 30, totalSteps: 100, phase: 'training', updatedAt: 1029 });
  await readAll(reader, found);
  assert.equal(found.facts.progress!.step, 30);
});

test('files of a right name and a wrong form are told and do no harm', async (context) => {
  const folder = temporaryFolder(context);
  writeJson(folder, runFiles.launch, launchRecord);
  for (const file of [runFiles.run, runFiles.progress, runFiles.outcome, runFiles.state, runFiles.exit]) {
    for (const content of ['', '[]', 'null', '{"shim": null}', '\u0000\u0001', '{"__proto__": 1}']) {
      writeFileSync(path.join(folder, file), content);
      utimesSync(path.join(folder, file), 1000, 1000);
      const found = await readAll(new TrainyardReader(run(folder)));
      assert.equal(found.facts.status, 'queued', `${file}: ${content}`);
      assert.equal(found.problems.length >= 1, true);
    }
  }
});

test('a run directory is one run, its event files included; foreign logs beside it stay what they are', async (context) => {
  const root = temporaryFolder(context);
  for (const folder of ['runs/ours', 'runs/ours/nested', 'runs/by-hand', 'runs/foreign'])
    mkdirSync(path.join(root, folder), { recursive: true });
  for (const folder of ['runs/ours', 'runs/ours/nested', 'runs/foreign']) {
    writeFileSync(
      path.join(root, folder, 'events.out.tfevents.1.host'),
      Buffer.concat([version(), scalarV1(1, 1, 'a', 1)]),
    );
  }
  writeJson(path.join(root, 'runs/ours'), runFiles.launch, launchRecord);
  writeJson(path.join(root, 'runs/by-hand'), runFiles.run, runFile);
  writeJson(path.join(root, 'runs/by-hand'), runFiles.outcome, { status: 'stopped', step: 5, endedAt: 1020 });
  writeJson(path.join(root, 'runs/foreign'), runFiles.run, { something: 'else' });
  const { runs } = await discoverRuns(root);
  assert.deepEqual(
    runs.map(({ source, name }) => [source, name]),
    [
      ['trainyard', 'by-hand'],
      ['tensorboard', 'runs/foreign'],
      ['trainyard', 'ours'],
    ],
  );
  const byHand = await readAll(openRun(runs[0]!));
  assert.deepEqual([byHand.facts.status, byHand.facts.recipe], ['stopped', 'meanflow']);
});

test('the system tells a living process from one that is gone and from one of another boot', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async (context) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const identity = { pid: child.pid!, startTime, bootId };
  assert.equal(await askSystem(identity), 'alive');
  assert.equal(await askSystem({ ...identity, startTime: '1' }), 'gone');
  assert.equal(await askSystem({ ...identity, bootId: 'another' }), 'elsewhere');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await askSystem(identity), 'gone');
});
