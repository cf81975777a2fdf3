import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import type { FoundRun, PollResult } from '../../../src/domain/records.ts';
import { ExperimentHubReader } from '../../../src/readers/experimentHub/reader.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';
import { fingerprint } from './support/sqlite.ts';

/** The tables of hyunlord/ml-experiment-hub (backend/models/experiment.py) as far as runs are concerned; SQLAlchemy stores the names of enum members. */
function makeHub(context: TestContext, name = 'ml_hub.db'): { database: DatabaseSync; file: string } {
  const file = path.join(temporaryFolder(context), name);
  const database = new DatabaseSync(file);
  database.exec(
    `PRAGMA journal_mode = WAL;
    CREATE TABLE experiment_configs (id INTEGER NOT NULL, name VARCHAR NOT NULL, description VARCHAR NOT NULL, config_json JSON, config_schema_id INTEGER, project_id INTEGER, status VARCHAR(9) NOT NULL, tags JSON, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, project_name VARCHAR, project_git_commit VARCHAR, project_git_dirty BOOLEAN NOT NULL, PRIMARY KEY (id));
    CREATE TABLE experiment_runs (id INTEGER NOT NULL, experiment_config_id INTEGER NOT NULL, status VARCHAR(9) NOT NULL, pid INTEGER, log_path VARCHAR, metrics_summary JSON, checkpoint_path VARCHAR, started_at DATETIME NOT NULL, ended_at DATETIME, PRIMARY KEY (id), FOREIGN KEY(experiment_config_id) REFERENCES experiment_configs (id));
    CREATE TABLE metric_logs (id INTEGER NOT NULL, run_id INTEGER NOT NULL, step INTEGER NOT NULL, epoch INTEGER, timestamp DATETIME NOT NULL, metrics_json JSON, PRIMARY KEY (id));
    CREATE TABLE system_stats (id INTEGER NOT NULL, run_id INTEGER NOT NULL, timestamp DATETIME NOT NULL, gpu_util FLOAT, gpu_memory_used FLOAT, gpu_memory_total FLOAT, cpu_percent FLOAT, ram_percent FLOAT, PRIMARY KEY (id));
    CREATE TABLE jobs (id INTEGER NOT NULL, job_type VARCHAR(11) NOT NULL, run_id INTEGER NOT NULL, status VARCHAR(9) NOT NULL, progress INTEGER NOT NULL, error_message VARCHAR, PRIMARY KEY (id));
    CREATE TABLE queue_entries (id INTEGER NOT NULL, experiment_config_id INTEGER NOT NULL, position INTEGER NOT NULL, status VARCHAR(9) NOT NULL, run_id INTEGER, PRIMARY KEY (id));
    INSERT INTO experiment_configs VALUES (4, 'siglip baseline', 'First try', '{"lr": 0.001, "model": {"name": "siglip2"}}', NULL, 1, 'RUNNING', '["vision"]', '2026-02-01 10:00:00.000000', '2026-02-01 10:00:00.000000', 'hash', 'abc123', 1);
    INSERT INTO experiment_runs VALUES (1, 4, 'COMPLETED', 10, '/data/logs/run1.log', '{"val/map": 0.8}', '/data/ckpt/best.ckpt', '2026-02-01 10:00:00.250000', '2026-02-01 11:00:00.000000');
    INSERT INTO experiment_runs VALUES (2, 4, 'FAILED', 11, NULL, '{}', NULL, '2026-02-01 12:00:00.000000', '2026-02-01 12:01:00.000000');
    INSERT INTO experiment_runs VALUES (3, 4, 'RUNNING', 12, NULL, '{}', NULL, '2026-02-01 13:00:00.000000', NULL);
    INSERT INTO experiment_runs VALUES (5, 4, 'CANCELLED', 12, NULL, '{}', NULL, '2026-02-01 13:00:00.000000', NULL);
    INSERT INTO jobs VALUES (1, 'EVAL', 2, 'FAILED', 0, 'CUDA out of memory'), (2, 'EVAL', 2, 'PENDING', 0, NULL);
    INSERT INTO queue_entries VALUES (7, 4, 1, 'WAITING', NULL), (8, 4, 0, 'RUNNING', 3);`,
  );
  context.after(() => database.close());
  return { database, file };
}

function log(database: DatabaseSync, run: number, step: number, metrics: string, epoch: number | null = null): void {
  database
    .prepare('INSERT INTO metric_logs (run_id, step, epoch, timestamp, metrics_json) VALUES (?, ?, ?, ?, ?)')
    .run(run, step, epoch, `2026-02-01 10:00:${String(step % 60).padStart(2, '0')}.500000`, metrics);
}

const readerOf = (file: string, key: string, now?: number): ExperimentHubReader =>
  new ExperimentHubReader(
    { source: 'experiment-hub', path: file, key, root: path.dirname(file), name: key },
    now === undefined ? undefined : () => now,
  );

test('runs and what waits in the queue are found; the database is not touched', async (context) => {
  const { file } = makeHub(context);
  const before = fingerprint(file);
  const { runs } = await discoverRuns(path.dirname(file));
  assert.deepEqual(
    runs.map(({ source, key, name }) => [source, key, name]),
    [
      ['experiment-hub', '1', 'siglip baseline #1'],
      ['experiment-hub', '2', 'siglip baseline #2'],
      ['experiment-hub', '3', 'siglip baseline #3'],
      ['experiment-hub', '5', 'siglip baseline #5'],
      ['experiment-hub', 'queue:7', 'siglip baseline'],
    ],
  );
  for (const run of runs) await openRun(run as FoundRun).poll(undefined, { maxBytes: 1e6 });
  assert.deepEqual(fingerprint(file), before);
});

test('values, figures of the machine and facts are told', async (context) => {
  const { database, file } = makeHub(context, 'anything.sqlite3');
  log(database, 1, 0, '{"train/loss": 0.5, "val/map": NaN}', 0);
  log(database, 2, 0, '{"train/loss": 9}');
  log(database, 1, 1, '{"train/loss": 0.25}');
  database.exec(
    "INSERT INTO system_stats VALUES (1, 1, '2026-02-01 10:00:00.000000', 50, 1000, 8000, NULL, 12.5), (2, 1, '2026-02-01 10:00:10.000000', 60, 1000, 8000, 3, 12.5)",
  );
  const gatherer = new Gatherer();
  const reader = readerOf(file, '1');
  const cursor = await pollAll(reader, gatherer, undefined, 60);
  log(database, 1, 2, '{"train/loss": 0.125}');
  await pollAll(reader, gatherer, cursor);
  const { scalars, facts } = gatherer.rows;
  assert.deepEqual(scalars['train/loss'], {
    steps: [0, 1, 2],
    wallTimes: [0, 1, 2].map((second) => Date.UTC(2026, 1, 1, 10) / 1000 + second + 0.5),
    values: [0.5, 0.25, 0.125],
  });
  assert.deepEqual([scalars['epoch']?.values, scalars['val/map']?.values], [[0], [Number.NaN]]);
  assert.deepEqual(
    [scalars['system/gpu_util']?.steps, scalars['system/gpu_util']?.values, scalars['system/cpu_percent']?.values],
    [[0, 1], [50, 60], [3]],
  );
  const { statusReason: _, ...rest } = facts;
  assert.deepEqual(rest, {
    name: 'siglip baseline #1',
    status: 'finished',
    createdAt: Date.UTC(2026, 1, 1, 10) / 1000 + 0.25,
    startedAt: Date.UTC(2026, 1, 1, 10) / 1000 + 0.25,
    endedAt: Date.UTC(2026, 1, 1, 11) / 1000,
    config: { lr: 0.001, model: { name: 'siglip2' } },
    summary: { 'val/map': 0.8 },
    project: 'hash',
    group: 'siglip baseline',
    trackerNote: 'First try',
    commit: 'abc123',
    dirty: true,
    trackerLabels: ['vision'],
    console: [{ title: 'run1.log', file: '/data/logs/run1.log', encoding: 'text' }],
    outputs: ['/data/ckpt/best.ckpt'],
  });
});

test('every status is told with what it rests on', async (context) => {
  const { file } = makeHub(context);
  const statusOf = async (key: string, now = Date.UTC(2026, 1, 1, 13, 5) / 1000): Promise<PollResult['facts']> =>
    (await readerOf(file, key, now).poll(undefined, { maxBytes: 1e6 })).facts;
  assert.deepEqual(
    [(await statusOf('2')).status, (await statusOf('2')).statusReason],
    ['failed', 'The hub has it as failed. Its error: CUDA out of memory'],
  );
  assert.equal((await statusOf('3')).status, 'running');
  const late = await statusOf('3', Date.UTC(2026, 5, 1) / 1000);
  assert.equal(late.status, 'unknown');
  assert.match(late.statusReason!, /killed/);
  assert.equal((await statusOf('5')).status, 'stopped');
  assert.equal((await statusOf('queue:7')).status, 'queued');
});

test('a repository of Aim is named, with the reason why it is not read and how to export it', async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(path.join(folder, '.aim', 'meta', 'chunks'), { recursive: true });
  writeFileSync(path.join(folder, '.aim', 'run_metadata.sqlite'), '');
  const { runs, skipped } = await discoverRuns(folder);
  assert.deepEqual(runs, []);
  assert.deepEqual(
    skipped.map((one) => one.path),
    [path.join(folder, '.aim')],
  );
  assert.match(skipped[0]!.reason, /RocksDB.*python -c/s);
});
