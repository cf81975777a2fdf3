import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { LinksFile } from '../../../../src/domain/runDirectory.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  const sample = makeSample('flow-matching');
  cpSync(sample.folder, host.folder, { recursive: true });
  sample.dispose();
  await open();
});
afterEach(() => host.end());

async function open(): Promise<void> {
  client = await host.connect();
  await client.call('folder.open', { folder: host.folder, trusted: true, settings: { pollSeconds: 1 } });
}

function launch(name: string, command: readonly string[], more: Partial<CommandLaunchRequest> = {}) {
  return client.call('command.launch', {
    requestId: `request-${name}`,
    folder: host.folder,
    command,
    arguments: [],
    target: { name: 'local' },
    gpus: 0,
    name,
    env: { STANDIN_STEP_SECONDS: '0.02' },
    ...more,
  });
}

const launcher = (name: string, ...overrides: readonly string[]) =>
  launch(name, ['python3', 'launcher.py', `run_name=${name}`, 'save_every=100', ...overrides]);

async function namesOfRuns(): Promise<readonly string[]> {
  await client.call('folder.refresh', { folder: host.folder });
  const { runs } = await client.call('runs.list', { folder: host.folder });
  return runs.map(({ source, name }) => `${source} ${name}`).sort();
}

async function countOf(runId: RunId, tag: string): Promise<number> {
  const { series } = await client.call('runs.get', { runId });
  return series.find((each) => each.tag === tag)?.count ?? 0;
}

function linksOf(directory: string): LinksFile['links'] {
  return (JSON.parse(readFileSync(path.join(directory, 'links.json'), 'utf8')) as LinksFile).links;
}

test('a launcher with Hydra and Trackio behind it is one run with live metrics, also for the worker that comes after', async () => {
  const { runId, run } = await launcher('cnn-1', 'model=cnn', 'epochs=400');
  await eventually(async () => (await countOf(runId, 'train/loss')) > 0);
  await eventually(async () => (await namesOfRuns()).length === 1);
  assert.equal((await client.call('runs.get', { runId })).status, 'running');
  const links = linksOf(run.path);
  assert.deepEqual(
    links.map(({ path: place, key }) => [path.relative(host.folder, place).split(path.sep)[0], key]).sort(),
    [
      ['outputs', undefined],
      ['trackio', 'cnn-1'],
    ],
  );
  for (const { evidence } of links) assert.match(evidence, /overrides that a process of the run has|has its name/);
  const before = await countOf(runId, 'train/loss');
  await eventually(async () => (await countOf(runId, 'train/loss')) > before);
  const { sources, config } = await client.call('runs.get', { runId });
  assert.deepEqual(
    sources?.map(({ source }) => source),
    ['trainyard', 'hydra', 'trackio'],
  );
  assert.equal((config as { run_name?: string }).run_name, 'cnn-1');
  host.stop();
  await host.start();
  await open();
  assert.deepEqual(await namesOfRuns(), ['trainyard cnn-1']);
  await client.call('runs.stop', { runId });
  await host.until(client, runId, 'stopped', 'killed', 'failed');
});

test('two trainings at once that log to one Trackio database are two runs with their own metrics', async () => {
  const launched = await Promise.all([launcher('small', 'epochs=6'), launcher('large', 'epochs=10')]);
  for (const { runId } of launched) await host.until(client, runId, 'finished', 'failed');
  await eventually(async () => (await namesOfRuns()).length === 2);
  assert.deepEqual(await namesOfRuns(), ['trainyard large', 'trainyard small']);
  for (const [index, epochs] of [6, 10].entries()) {
    const { runId } = launched[index]!;
    await eventually(async () => (await countOf(runId, 'train/loss')) === epochs * 10);
    assert.equal(await countOf(runId, 'eval/energy_distance'), epochs);
  }
});

/** Opens its database for every row, as Trackio does, under a name that it draws. */
const logger = `
import json, sqlite3, sys, time, datetime, os
name, lr = "dainty-sunset-" + sys.argv[2], float(sys.argv[1].split("=")[1])
os.makedirs("trackio", exist_ok=True)
for step in range(20):
    db = sqlite3.connect("trackio/lab.db", timeout=30)
    db.execute("CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY, run_name TEXT, config TEXT, created_at TEXT)")
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    if step == 0:
        db.execute("INSERT INTO configs (run_name, config, created_at) VALUES (?, ?, ?)", (name, json.dumps({"lr": lr}), now))
    db.execute("INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)", (now, name, step, json.dumps({"loss": lr * step})))
    db.commit()
    db.close()
    time.sleep(0.1)
`;

test('names that the tracker draws: the settings tell two trainings apart, and a run of somebody else stays one of its own', async () => {
  writeFileSync(path.join(host.folder, 'log.py'), logger);
  const launched = await Promise.all(
    ['1', '2'].map((lr) => launch(`job-${lr}`, ['python3', 'log.py', `lr=${lr}`, `x${lr}`], { env: {} })),
  );
  const other = new DatabaseSync(path.join(host.folder, 'trackio.db'));
  other.exec(
    'CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)',
  );
  other.exec(`INSERT INTO metrics VALUES (1, '2025-01-01T00:00:00', 'old', 0, '{"loss": 1}')`);
  other.close();
  for (const { runId } of launched) await host.until(client, runId, 'finished', 'failed');
  for (const { runId } of launched) await eventually(async () => (await countOf(runId, 'loss')) === 20);
  await eventually(async () => (await namesOfRuns()).length === 3);
  assert.deepEqual(await namesOfRuns(), ['trackio old', 'trainyard job-1', 'trainyard job-2']);
  assert.deepEqual(
    launched.map(({ run }) => linksOf(run.path).map(({ key, evidence }) => [key, /settings/.test(evidence)])),
    [[['dainty-sunset-x1', true]], [['dainty-sunset-x2', true]]],
  );
});
