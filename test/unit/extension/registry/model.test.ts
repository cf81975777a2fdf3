import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry, RegistryExperiment } from '../../../../src/domain/registry.ts';
import {
  describeExperiment,
  describeRegistry,
  experimentContext,
  experimentsOf,
  lineOfExperiment,
  type RegistryTreeNode,
  registryChildren,
} from '../../../../src/extension/registry/model.ts';

function experiment(name: string, status: string, change: Partial<RegistryExperiment> = {}): RegistryExperiment {
  return { name, status, metrics: {}, markedForRerun: false, retryCount: 0, ...change };
}

const registry: Registry = {
  file: '/lab/runs/experiment_registry.json',
  meta: {},
  problems: [],
  experiments: [
    experiment('a', 'completed', { metrics: { accuracy: 0.9 } }),
    experiment('b', 'failed', {
      errorCategory: 'oom',
      exitCode: 1,
      errorMessage: 'out of memory',
      completedAt: '2026-01-02',
    }),
    experiment('c', 'failed', { errorCategory: 'nan', markedForRerun: true, retryCount: 2 }),
    experiment('d', 'failed', { errorCategory: 'oom', completedAt: '2026-01-03' }),
    experiment('e', 'archived'),
  ],
};

const title = (node: RegistryTreeNode): string =>
  node.kind === 'experiment' ? node.experiment.name : node.kind === 'experiments' ? node.title : node.registry.file;

test('experiments stand by status, failed ones by category, the latest first', () => {
  const groups = registryChildren({ kind: 'registry', registry });
  assert.deepEqual(groups.map(title), ['Failed', 'Completed', 'Archived']);
  const categories = registryChildren(groups[0]!);
  assert.deepEqual(categories.map(title), ['oom', 'nan']);
  assert.deepEqual(registryChildren(categories[0]!).map(title), ['d', 'b']);
});

test('one category alone has no level of its own', () => {
  const only = {
    ...registry,
    experiments: registry.experiments.filter(({ errorCategory }) => errorCategory !== 'nan'),
  };
  const [failed] = registryChildren({ kind: 'registry', registry: only });
  assert.deepEqual(registryChildren(failed!).map(title), ['d', 'b']);
});

test('rows say how things stand and what can be done', () => {
  assert.equal(describeRegistry(registry), '1/5 completed · 3 failed · 1 marked');
  assert.equal(describeExperiment(registry.experiments[1]!), 'out of memory · exit code 1');
  assert.equal(describeExperiment(registry.experiments[2]!), 'marked for re-run · 2 retries');
  assert.equal(experimentContext(registry.experiments[2]!), 'experiment failed marked');
  assert.equal(experimentContext(experiment('x', 'half done')), 'experiment half-done unmarked');
});

test('a command on a group means all that is in it, each once', () => {
  const [failed] = registryChildren({ kind: 'registry', registry });
  const names = experimentsOf([failed!, ...registryChildren(failed!)]).map((node) => node.experiment.name);
  assert.deepEqual(names.sort(), ['b', 'c', 'd']);
});

test('an experiment is found by its key, not by a value of the same text', () => {
  const text = JSON.stringify(
    { meta: { last: 'b' }, experiments: { a: {}, b: { status: 'failed' }, 'x "y"': {} } },
    null,
    2,
  );
  const at = (name: string): string => text.split('\n')[lineOfExperiment(text, name)!]!.trim();
  assert.match(at('b'), /^"b": \{/);
  assert.match(at('x "y"'), /^"x \\"y\\"": /);
  assert.equal(lineOfExperiment(text, 'nope'), undefined);
  assert.equal(lineOfExperiment('{"experiments": {"a" : 1}}', 'a'), 0);
});
