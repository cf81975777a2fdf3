import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeAt, keysAt, type Schema, valuesAt } from '../../../../src/extension/project/schema.ts';
import { projectTemplate } from '../../../../src/extension/project/template.ts';
import { validateYaml } from '../../../../src/extension/project/validate.ts';
import { yamlPlace } from '../../../../src/extension/project/yamlPlace.ts';

const schema = JSON.parse(readFileSync('resources/schemas/trainyard.schema.json', 'utf8')) as Schema;
const sample = readFileSync('test/fixtures/projects/experiment-hub/trainyard.yaml', 'utf8');

/** What is offered at the mark `|` in a text. */
function offered(marked: string): readonly string[] {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  const place = yamlPlace(marked.replace('|', ''), before.length - 1, before.at(-1)!.length);
  if (place.kind === 'value') return valuesAt(schema, [...place.path, place.key!], place.siblings);
  return keysAt(schema, place.path, place.siblings).map(({ key }) => key);
}

test('keys are offered where they fit, without those that are there', () => {
  assert.deepEqual([...offered('|')].sort(), ['entries', 'metrics', 'pipelines', 'registries', 'targets']);
  assert.equal(offered('targets:\n|').includes('targets'), false);
  const entry = offered('entries:\n  a:\n    command: [x]\n    |');
  assert.ok(entry.includes('cwd') && entry.includes('resume'), entry.join());
  assert.equal(entry.includes('command'), false);
});

test('the kind of a target decides which keys it has', () => {
  const slurm = offered('targets:\n  c:\n    kind: slurm\n    |\n  d:\n    kind: ssh\n');
  assert.ok(slurm.includes('partition') && slurm.includes('presets'), slurm.join());
  assert.equal(slurm.includes('workdir'), false);
  const ssh = offered('targets:\n  c:\n    kind: slurm\n  d:\n    |\n    kind: ssh\n');
  assert.ok(ssh.includes('host') && ssh.includes('workdir'), ssh.join());
  assert.equal(ssh.includes('partition'), false);
});

test('values that a key can have are offered behind it', () => {
  assert.deepEqual([...offered('targets:\n  c:\n    kind: |')].sort(), ['command', 'local', 'modal', 'slurm', 'ssh']);
  assert.deepEqual([...offered('entries:\n  a:\n    takes: |')].sort(), ['arguments', 'hydra', 'nothing']);
});

test('items of lists have their own keys, also behind the dash', () => {
  for (const text of [
    'pipelines:\n  p:\n    stages:\n      - name: a\n        |',
    'pipelines:\n  p:\n    stages:\n    - name: a\n      |',
    'pipelines:\n  p:\n    stages:\n      - name: a\n        command: [x]\n      - |',
  ]) {
    const keys = offered(text);
    assert.ok(keys.includes('needs') && keys.includes('produces'), `${text}: ${keys.join()}`);
  }
  assert.equal(offered('pipelines:\n  p:\n    stages:\n      - name: a\n        |').includes('name'), false);
});

test('a key says what it means', () => {
  assert.match(describeAt(schema, ['entries', 'a', 'command'], new Map()) ?? '', /Program and arguments/);
  assert.equal(describeAt(schema, ['nope'], new Map()), undefined);
});

test('the sample, the template, and the template with its comments taken off fit the schema', () => {
  assert.deepEqual(validateYaml(schema, sample), []);
  assert.deepEqual(validateYaml(schema, projectTemplate), []);
  const live = projectTemplate.replace(/^# (?=[a-z]+:| {2})/gm, '');
  assert.match(live, /^targets:$/m);
  assert.deepEqual(validateYaml(schema, live), []);
  assert.deepEqual(validateYaml(schema, ''), []);
});

test('what is wrong is said at its place', () => {
  const problem = (text: string): string => {
    const [first, ...more] = validateYaml(schema, text);
    assert.ok(first !== undefined, text);
    assert.deepEqual(more, [], text);
    return `${text.slice(first.from, first.to)} | ${first.message}`;
  };
  assert.match(problem('entrys:\n  a: {command: [x]}\n'), /^entrys \| .*Did you mean entries\?/);
  assert.match(
    problem('entries:\n  a:\n    takes: all\n    command: [x]\n'),
    /^all \| "takes" must be one of hydra, arguments, nothing/,
  );
  assert.match(problem('entries:\n  a:\n    cwd: src\n'), /"a" needs "command"/);
  assert.match(
    problem('targets:\n  c:\n    kind: slurm\n    particion: gpu\n'),
    /^particion \| .*Did you mean partition\?/,
  );
  assert.match(problem('targets:\n  c:\n    kind: sllurm\n'), /^sllurm \| /);
  assert.match(problem('pipelines: [a]\n'), /"pipelines" must be a mapping/);
  assert.ok(validateYaml(schema, 'a: [1\nb: }').length > 0);
});
