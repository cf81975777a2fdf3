import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pipeline, PipelineRun } from '../../../../src/domain/project.ts';
import {
  collectPipelines,
  describePipelineRun,
  pipelineChildren,
  pipelineRunState,
  type StageState,
} from '../../../../src/extension/pipelines/model.ts';

const pipeline: Pipeline = {
  name: 'full',
  parameters: { name: 'exp' },
  stages: [
    { name: 'generate', command: ['bash', 'generate.sh'], needs: [], produces: [], consumes: [] },
    { name: 'train', command: ['bash', 'train.sh'], needs: ['generate'], produces: [], consumes: [] },
  ],
};

function makeRun(id: string, createdAt: number, states: readonly StageState[], name = 'full'): PipelineRun {
  const stages = states.map((state, index) => ({ name: `stage${index}`, state, runId: `r${index}`, artifacts: [] }));
  return { id, pipeline: name, folder: '/lab', createdAt, parameters: {}, stages };
}

test('a pipeline stands over its runs, the latest first, also when the file does not name it any more', () => {
  const runs = [makeRun('a', 1, ['done']), makeRun('b', 2, ['failed']), makeRun('c', 3, ['done'], 'old')];
  const [full, old] = collectPipelines('/lab', [pipeline], runs);
  assert.deepEqual(
    full?.runs.map(({ id }) => id),
    ['b', 'a'],
  );
  assert.equal(full?.pipeline, pipeline);
  assert.equal(old?.name, 'old');
  assert.equal(old?.pipeline, undefined);
  assert.deepEqual(collectPipelines('/lab', [], []), []);
});

test('stages carry their run, so that its commands work on the row', () => {
  const run = makeRun('a', 1, ['done', 'running']);
  const stages = pipelineChildren({ kind: 'pipelineRun', run });
  assert.deepEqual(
    stages.map((node) => (node.kind === 'stage' ? [node.stage.name, node.runId] : [])),
    [
      ['stage0', 'r0'],
      ['stage1', 'r1'],
    ],
  );
});

test('a run says which stage it is at, and how many are done of those that it runs', () => {
  assert.equal(
    describePipelineRun(makeRun('a', 0, ['skipped', 'done', 'running', 'waiting']), 600),
    'stage2 running · 1/3 done · 10 min ago',
  );
  assert.equal(
    describePipelineRun(makeRun('a', 0, ['done', 'failed', 'skipped']), 10),
    'stage1 failed · 1/2 done · just now',
  );
  assert.equal(pipelineRunState(makeRun('a', 0, ['done', 'skipped'])), 'done');
  assert.equal(pipelineRunState(makeRun('a', 0, ['failed', 'running'])), 'failed');
  assert.equal(pipelineRunState(makeRun('a', 0, ['done', 'waiting'])), 'waiting');
});
