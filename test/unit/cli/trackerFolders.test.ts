import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { shutDownWorker } from '../../../src/client/index.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { temporaryFolder } from '../readers/support/events.ts';
import { trainyard } from './support.ts';

/** A project of Trackio with one run and three losses. */
function writeProject(file: string, run: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(
    'CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)',
  );
  const insert = database.prepare('INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)');
  for (let step = 0; step < 3; step++)
    insert.run('2026-01-02T03:04:05', run, step, JSON.stringify({ loss: 1 / (step + 1) }));
  database.close();
}

test('runs of Trackio’s own folder are listed and found by name, as in a window', async (context) => {
  const root = temporaryFolder(context);
  const [lab, cache] = [path.join(root, 'lab'), path.join(root, 'cache')];
  writeProject(path.join(lab, 'trackio', 'own.db'), 'of-the-folder');
  writeProject(path.join(cache, 'trackio', 'shared.db'), 'of-the-cache');
  const env = { TRAINYARD_HOME: path.join(root, 'home'), HF_HOME: cache, TRACKIO_DIR: '' };
  context.after(() => shutDownWorker({ client: 'cli', version: '0.0.0', env: { ...process.env, ...env } }));
  const names = async (...args: readonly string[]) => {
    const { stdout, stderr } = await trainyard(['runs', ...args, '--json'], { cwd: lab, env });
    assert.equal(stderr, '');
    return (JSON.parse(stdout) as { runs: RunSummary[] }).runs.map(({ name }) => name).sort();
  };
  assert.deepEqual(await names(), ['of-the-cache', 'of-the-folder']);
  assert.deepEqual(await names('--here'), ['of-the-folder']);
  const metrics = await trainyard(['metrics', 'of-the-cache', 'loss', '--json'], { cwd: lab, env });
  const { series } = JSON.parse(metrics.stdout) as { series: { points: number[][] }[] };
  assert.deepEqual(
    series[0]?.points.map(([step, , value]) => [step, value]),
    [
      [0, 1],
      [1, 1 / 2],
      [2, 1 / 3],
    ],
  );
  const unknown = await trainyard(['metrics', 'of-nowhere'], { cwd: lab, env });
  assert.match(unknown.stderr, /no run "of-nowhere"[\s\S]*of-the-folder/);
});
