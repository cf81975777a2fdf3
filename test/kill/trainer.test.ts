import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connectToWorker, type WorkerConnection } from '../../src/client/index.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { isActive } from '../../src/domain/run.ts';
import { readClaim, readState } from '../../src/launch/local/jobFiles.ts';
import { writeIdxSet } from '../unit/trainer/support.ts';
import { checkpointBits } from '../unit/trainer/trainProcess.ts';
import { buildWorker, killQuietly, WorkerHome } from '../unit/worker/bundledWorker.ts';
import { endJob } from '../unit/worker/testWorker.ts';

/** TRAINYARD_KILL_ROUNDS makes it longer (npm run test:kill). */
const rounds = Number(process.env['TRAINYARD_KILL_ROUNDS'] ?? 1);
const steps = 240;

let product: Awaited<ReturnType<typeof buildWorker>>;
let home: WorkerHome;
let folder: string;
let data: string;
let unbroken: Record<string, string>;
let launches = 0;
const pids = new Set<number>();
const directories = new Set<string>();

before(async () => {
  product = await buildWorker(['worker', 'shim', 'readerThread', 'cli']);
  home = new WorkerHome();
  folder = home.root;
  data = writeIdxSet(folder);
  const whole = await launch('whole');
  assert.equal((await ended(whole.id)).status, 'finished');
  unbroken = checkpointBits(whole.path);
});
after(() => {
  for (const directory of directories) endJob(directory);
  home.end([...pids]);
  product.remove();
});

for (let round = 1; round <= rounds; round++) {
  test(`round ${round}: the trainer is killed, the run is said to be killed, and goes on to the bits of an unbroken one`, async () => {
    let run = await launch(`round-${round}-killed`);
    for (let kills = 0; kills < 2; kills++) {
      if (!(await hasLastCheckpoint(run))) break;
      await delay(Math.random() * 150);
      const child = readState(run.path)?.child;
      assert.ok(child !== undefined);
      killQuietly(child.pid);
      const end = await ended(run.id);
      if (end.status === 'finished') break;
      assert.equal(end.status, 'killed', end.statusReason);
      assert.match(end.statusReason, /SIGKILL/);
      run = await resume(run.id);
    }
    const last = await ended(run.id);
    assert.equal(last.status, 'finished', last.statusReason);
    assert.deepEqual(checkpointBits(run.path), unbroken);
  });

  test(`round ${round}: the worker is killed again and again while a run trains, which notices nothing`, async () => {
    const run = await launch(`round-${round}-unwatched`);
    for (let kills = 0; kills < 4; kills++) {
      await delay(50 + Math.random() * 250);
      const worker = await connect();
      killQuietly(worker.hello.pid);
      worker.dispose();
    }
    const end = await ended(run.id);
    assert.equal(end.status, 'finished', end.statusReason);
    assert.match(end.statusReason, /exit code 0/);
    assert.deepEqual(checkpointBits(run.path), unbroken);
    const worker = await connect();
    const job = (await worker.call('queue.list', {})).jobs.find(({ runId }) => runId === run.id);
    assert.deepEqual([job?.state, job?.exitCode], ['done', 0]);
    worker.dispose();
  });

  test(`round ${round}: the shim is killed, the trainer goes on and its own last word is believed`, async () => {
    const run = await launch(`round-${round}-unguarded`);
    await hasLastCheckpoint(run);
    killQuietly(readClaim(run.path)!.shim.pid);
    const end = await ended(run.id);
    assert.equal(end.status, 'finished', end.statusReason);
    assert.deepEqual(checkpointBits(run.path), unbroken);
  });
}

async function connect(): Promise<WorkerConnection> {
  const connection = await connectToWorker({
    client: 'cli',
    version: '0.1.0',
    workerFile: product.file,
    env: home.env,
  });
  pids.add(connection.hello.pid);
  await connection.call('folder.open', { folder, trusted: true });
  return connection;
}

async function launch(name: string): Promise<RunSummary> {
  const worker = await connect();
  const overrides = [
    `data=${data}`,
    'network.kind=dit',
    'network.width=16',
    'network.layers=1',
    'network.heads=2',
    'network.patch=4',
    'batchSize=8',
    'threads=1',
    `steps=${steps}`,
    'stepsPerRun=7',
    'checkpointEvery=20',
    'sampleEvery=0',
    'samples.count=4',
  ];
  const { run } = await worker.call('launch.start', {
    requestId: `launch-${launches++}`,
    folder,
    recipe: 'meanflow',
    overrides,
    device: 'cpu',
    name,
  });
  worker.dispose();
  directories.add(run.path);
  return run;
}

async function resume(runId: RunId): Promise<RunSummary> {
  const worker = await connect();
  const { run } = await worker.call('runs.resume', { runId, requestId: `resume-${launches++}` });
  worker.dispose();
  directories.add(run.path);
  return run;
}

/** The run when it has ended, however often the worker is gone meanwhile. */
async function ended(runId: RunId): Promise<RunSummary> {
  const worker = await connect();
  try {
    for (;;) {
      const run = await worker.call('runs.get', { runId });
      const job = (await worker.call('queue.list', {})).jobs.find((each) => each.runId === runId);
      if (!isActive(run.status) && job?.state === 'done') return run;
      await delay(50);
    }
  } finally {
    worker.dispose();
  }
}

/** True when the run has a checkpoint and is still at work. */
async function hasLastCheckpoint(run: RunSummary): Promise<boolean> {
  while (!existsSync(path.join(run.path, 'checkpoints', 'last.safetensors'))) {
    if (existsSync(path.join(run.path, 'exit.json'))) return false;
    await delay(10);
  }
  return !existsSync(path.join(run.path, 'exit.json'));
}
