import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunDetail } from '../../../../src/domain/run.ts';
import { runFilter } from '../../../../src/extension/runs/filter.ts';
import { groupOf } from '../../../../src/extension/runs/grouping.ts';
import { describeRun, runContext, runSpeech } from '../../../../src/extension/runs/present.ts';
import { loggedBy, sourceLooks } from '../../../../src/extension/runs/sources.ts';
import { runTooltip } from '../../../../src/extension/runs/tooltip.ts';
import { makeRun } from '../makeRun.ts';

const resumed = makeRun({
  source: 'wandb',
  alsoLoggedTo: ['csv', 'tensorboard'],
  places: 4,
  project: 'dna',
  group: 'sweep-1',
});

test('a row says who logged the run, and nothing for a run of ours alone', () => {
  assert.equal(loggedBy(makeRun()), '');
  assert.equal(loggedBy(makeRun({ source: 'mlflow' })), 'MLflow');
  assert.equal(loggedBy(makeRun({ alsoLoggedTo: ['tensorboard'] })), 'Trainyard + TensorBoard');
  assert.match(describeRun(resumed), /W&B \+ CSV, TensorBoard$/);
  assert.match(runSpeech(resumed), /Weights & Biases, also logged to CSV, TensorBoard/);
  assert.doesNotMatch(runSpeech(makeRun()), /Trainyard/);
  assert.match(runContext(resumed), /\bforeign\b.*\bseveral\b/);
  assert.doesNotMatch(runContext(makeRun()), /\bseveral\b/);
});

test('every source has a name, a short one and a picture', () => {
  for (const { title, short, icon } of Object.values(sourceLooks)) {
    assert.ok(title.length >= short.length && short.length <= 11, title);
    assert.match(icon, /^[a-z-]+$/);
  }
});

test('runs are grouped and found by project, group and tracker', () => {
  const now = new Date(0);
  const title = (grouping: 'project' | 'group' | 'source', run = resumed) => groupOf(run, grouping, now).title;
  assert.equal(title('project'), 'dna');
  assert.equal(title('project', makeRun()), 'No project');
  assert.equal(title('group'), 'dna / sweep-1');
  assert.equal(title('source'), 'Weights & Biases');
  assert.equal(groupOf(resumed, 'recipe', now).title, 'Weights & Biases');
  const finds = (text: string) => runFilter(text)(resumed);
  assert.ok(finds('source:csv') && finds('project:dn') && finds('group:sweep') && finds('tensorboard sweep-1'));
  assert.ok(!finds('source:mlflow') && !finds('-dna'));
});

test('the tooltip names every place with the reason, and text of a tracker stays text', () => {
  const detail = {
    ...{ ...resumed, config: {}, definitions: [], series: [], problems: [], host: 'node-7' },
    trackerLabels: ['paper'],
    trackerNote: '[click](command:evil)',
    sources: [
      { source: 'wandb', path: '/lab/wandb/run-1', why: '', tags: 4 },
      { source: 'wandb', path: '/lab/wandb/run-2', why: 'Both have the same W&B id.', tags: 4 },
      ...Array.from({ length: 9 }, (_, i) => ({ source: 'csv' as const, path: `/lab/${i}.csv`, why: 'x', tags: 1 })),
    ],
  } as const satisfies RunDetail;
  const text = runTooltip(resumed, detail);
  assert.match(text, /Logged by: Weights &amp; Biases, also logged to CSV, TensorBoard/);
  assert.match(text, /Project: dna \/ sweep\\-1/);
  assert.match(text, /Host: node\\-7/);
  assert.match(text, /`\/lab\/wandb\/run-2` Both have the same W&amp;B id/);
  assert.match(text, /and 5 more places/);
  assert.match(text, /Labels: paper/);
  assert.doesNotMatch(text, /\[click\]\(command/);
});
