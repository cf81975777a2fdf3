import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { TestWorker } from './testWorker.ts';

const projects = path.join(import.meta.dirname, '../../fixtures/projects');
let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

async function entriesOf(project: string) {
  cpSync(path.join(projects, project), host.folder, { recursive: true });
  return await client.call('entries.list', { folder: host.folder });
}

test('what a Hydra project can launch is listed without trust, with where it was found', async () => {
  await client.call('folder.open', { folder: host.folder, trusted: false });
  const { entries, problems } = await entriesOf('genomic-lm');
  const train = entries.find(({ id }) => id === 'hydra:glm_experiments/train.py');
  assert.equal(train?.takes, 'hydra');
  assert.equal(train?.role, 'train');
  assert.equal(train?.file, path.join(host.folder, 'glm_experiments', 'train.py'));
  assert.ok((train?.line ?? 0) > 0);
  assert.deepEqual(train?.resume, ['ckpt_path={checkpoint}']);
  assert.deepEqual(problems, []);
});

test('commands that trainyard.yaml names come first, and have what is known of the program that they run', async () => {
  const { entries, problems } = await entriesOf('experiment-hub');
  assert.deepEqual(problems, []);
  assert.equal(entries[0]?.kind, 'named');
  assert.ok(entries.some(({ kind }) => kind === 'make'));
  host.write('trainyard.yaml', 'entries:\n  quick:\n    command: [python3, train.py, --fast]\n  bad: 5\n');
  host.write(
    'train.py',
    'import argparse\nif __name__ == "__main__":\n  p = argparse.ArgumentParser(); p.add_argument("--resume")\n',
  );
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const again = await client.call('entries.list', { folder: host.folder });
  const quick = again.entries.find(({ id }) => id === 'named:quick');
  assert.deepEqual(quick?.command, ['python3', 'train.py', '--fast']);
  assert.deepEqual(quick?.resume, ['--resume', '{checkpoint}']);
  assert.match(again.problems.join(' '), /bad/);
});
