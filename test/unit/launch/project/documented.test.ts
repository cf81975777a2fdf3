import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { templateProblems } from '../../../../src/launch/command/templates.ts';
import { parseProject } from '../../../../src/launch/project/readProject.ts';
import { planPipeline } from '../../../../src/worker/pipelines/plan.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../../../docs/launching.md'), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);

test('what the page about launching shows is a trainyard.yaml without problems', () => {
  assert.equal(examples.length, 2);
  const project = parseProject(examples.join(''), '/lab');
  assert.deepEqual(project.problems, []);
  assert.deepEqual(
    project.targets.map(({ name, settings }) => [name, settings.kind]),
    [
      ['box', 'ssh'],
      ['cluster', 'slurm'],
      ['modal', 'modal'],
      ['pbs', 'command'],
    ],
  );
  for (const { settings } of project.targets)
    if (settings.kind === 'command') assert.deepEqual(templateProblems(settings), []);
  const plan = planPipeline(project.pipelines[0]!, { parameters: { dataset: 'routing_1', run: 'r1' } });
  assert.ok(plan.ok);
  assert.deepEqual(
    plan.value.stages.map(({ name, needs }) => [name, needs]),
    [
      ['generate', []],
      ['train', ['generate']],
      ['evaluate', ['train']],
    ],
  );
});
