import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { PipelineRun } from '../../../../src/domain/project.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
  host.write('stage.py', 'import sys; open("order", "a").write(" ".join(sys.argv[1:]) + ";")');
  host.write(
    'trainyard.yaml',
    `pipelines:
  router:
    parameters: {dataset: ''}
    stages:
      - {name: generate, command: [python3, stage.py, generate], produces: [order]}
      - {name: train, command: [python3, stage.py, train, --dataset-name, '{dataset}']}
`,
  );
});
afterEach(() => host.end());

const launch = (more: object = {}) => ({
  requestId: 'p1',
  folder: host.folder,
  pipeline: 'router',
  parameters: { dataset: 'routing 1' },
  target: { name: 'local' },
  ...more,
});

test('a pipeline of trainyard.yaml is launched and told of until it is done', async () => {
  await client.call('folder.open', { folder: host.folder, trusted: true });
  let latest: PipelineRun | undefined;
  client.on('pipelines.changed', ({ pipelineRun }) => {
    latest = pipelineRun;
  });
  await client.call('pipelines.launch', launch());
  await eventually(() => latest?.stages.every(({ state }) => state === 'done') === true);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), 'generate;train --dataset-name routing 1;');
  const { pipelineRuns } = await client.call('pipelines.list', { folder: host.folder });
  assert.deepEqual(
    pipelineRuns.map(({ pipeline }) => pipeline),
    ['router'],
  );
  await assert.rejects(client.call('pipelines.launch', launch({ pipeline: 'other' })), {
    code: 'not-found',
    hint: 'There are router.',
  });
});

test('nothing is launched where the window is not trusted', async () => {
  await client.call('folder.open', { folder: host.folder, trusted: false });
  await assert.rejects(client.call('pipelines.launch', launch()), { code: 'not-trusted' });
  assert.deepEqual((await client.call('pipelines.list', { folder: host.folder })).pipelineRuns, []);
});
