import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

const log = `# Experiment log

## Phase 1

### 1.1: by name
\`\`\`bash
python launcher.py run_name=unet_a epochs=2
\`\`\`

### 1.2: by checkpoint
**Checkpoints:** \`outputs/2026-01-08/12-12-03/checkpoints/last.ckpt\`

### 1.3: of nobody
`;

test('entries lead to the runs that they name, and runs to their entries', async () => {
  host.write('EXPERIMENT_LOG.md', log);
  host.write('logs/unet_a/events.out.tfevents.1700000000.host', Buffer.concat([version(), scalarV1(1.7e9, 1, 'l', 1)]));
  host.write('outputs/2026-01-08/12-12-03/.hydra/config.yaml', 'run_name: unet_a\n');
  const open = async () => (await client.call('folder.open', { folder: host.folder, trusted: true })).runs;
  await eventually(async () => (await open()).length === 2);
  const runs = await open();
  const [events, job] = ['tensorboard', 'hydra'].map((source) => runs.find((run) => run.source === source)!.id);
  await eventually(async () => (await client.call('runs.get', { runId: job! })).config['run_name'] === 'unet_a');

  const { entries, links } = await client.call('experimentLog.list', { folder: host.folder });
  const titleOf = (line: number) => entries.find((entry) => entry.line === line)!.title;
  const named = links.filter(({ line }) => titleOf(line) === '1.1: by name');
  assert.deepEqual(new Set(named.map(({ runId }) => runId)), new Set([events, job]));
  assert.deepEqual(
    links
      .filter(({ line }) => titleOf(line) !== '1.1: by name')
      .map(({ line, runId, why }) => [titleOf(line), runId, why]),
    [['1.2: by checkpoint', job, 'The entry names its checkpoint last.ckpt.']],
  );
  assert.ok(links.every(({ file }) => file === path.join(host.folder, 'EXPERIMENT_LOG.md')));

  const own = await client.call('experimentLog.ofRun', { runId: job! });
  assert.deepEqual(
    own.entries.map(({ entry, why }) => [entry.title, why]),
    [
      ['1.1: by name', "The entry's command names unet_a."],
      ['1.2: by checkpoint', 'The entry names its checkpoint last.ckpt.'],
    ],
  );
});
