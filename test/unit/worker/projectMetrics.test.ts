import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ProjectMetrics } from '../../../src/worker/runs/projectMetrics.ts';
import { TestWorker } from './testWorker.ts';

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
