import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ProjectMetrics } from '../../../src/worker/runs/projectMetrics.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;

beforeEach(() => {
  host = new TestWorker();
});
afterEach(() => host.end());

const own = [
  { tag: 'loss', title: 'Own', unit: '', direction: 'minimize', version: 2, description: '', primary: true },
] as const;

test('definitions of trainyard.yaml hold for tags that the run does not define, and are read again when the file changes', () => {
  const metrics = new ProjectMetrics();
  assert.deepEqual(metrics.definitionsFor(host.folder, own), own);
  const write = (title: string) =>
    host.write(
      'trainyard.yaml',
      `metrics:
  - {tag: loss, title: Other, direction: minimize}
  - {tag: val/acc, title: ${title}, unit: '%', direction: maximize}
`,
    );
  write('Accuracy');
  const defined = metrics.definitionsFor(host.folder, own);
  assert.deepEqual(
    defined.map(({ tag, title, unit, direction, version }) => [tag, title, unit, direction, version]),
    [
      ['loss', 'Own', '', 'minimize', 2],
      ['val/acc', 'Accuracy', '%', 'maximize', 1],
    ],
  );
  write('Accuracy of validation');
  assert.equal(metrics.definitionsFor(host.folder, own)[1]?.title, 'Accuracy of validation');
  host.write('trainyard.yaml', 'metrics: [');
  assert.deepEqual(metrics.definitionsFor(host.folder, own), own);
  assert.deepEqual(metrics.definitionsFor(path.join(host.folder, 'none'), own), own);
});

test('metrics that trainyard.yaml calls primary come first in lists, and say which checkpoint is the best', async () => {
  await host.start();
  const client = await host.connect();
  host.write(
    'trainyard.yaml',
    'metrics:\n  - {tag: zeta, title: Zeta, direction: maximize, primary: true}\n  - {tag: loss, direction: minimize}\n',
  );
  const scalars = [1, 2, 3].flatMap((step) => [
    scalarV1(1.7e9 + step, step, 'loss', 1 / step),
    scalarV1(1.7e9 + step, step, 'zeta', step === 2 ? 0.9 : 0.1),
  ]);
  const runId = await host.launchScript('one', '');
  host.write('runs/one/events.out.tfevents.1700000000.box', Buffer.concat([version(), ...scalars]));
  for (const step of [1, 2, 3]) host.write(`runs/one/checkpoints/step_0000000${step}.safetensors`, 'x');
  await client.call('folder.open', { folder: host.folder, trusted: true });
  await eventually(async () => (await client.call('runs.get', { runId })).metrics.length === 2);
  const { metrics } = await client.call('runs.get', { runId });
  assert.deepEqual(
    metrics.map(({ tag }) => tag),
    ['zeta', 'loss'],
  );
  const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
  assert.deepEqual(
    checkpoints.map(({ step, best }) => [step, best?.tag]),
    [
      [1, undefined],
      [2, 'zeta'],
      [3, undefined],
    ],
  );
});
