import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { sshHosts, sshIncludes } from '../../../../src/extension/project/sshHosts.ts';
import {
  projectTemplate,
  targetLines,
  targetNameProblem,
  withTarget,
  yamlWord,
} from '../../../../src/extension/project/template.ts';

const lines = targetLines('box', [
  ['kind', 'ssh'],
  ['host', yamlWord('me@gpu-box')],
]);

test('a target is added below the others, and everything else stays as it is', () => {
  const before = '# mine\nentries: {}\ntargets: # places\n  c:\n    kind: slurm\n# end\n';
  const { text, line } = withTarget(before, lines);
  assert.equal(text.split('\n')[line], '  box:');
  assert.deepEqual(parse(text), {
    entries: {},
    targets: { box: { kind: 'ssh', host: 'me@gpu-box' }, c: { kind: 'slurm' } },
  });
  for (const row of before.split('\n')) assert.ok(text.includes(row), row);
});

test('where there is no target yet, the part is made', () => {
  for (const before of ['', 'entries: {}', 'entries: {}\n', projectTemplate]) {
    const { text, line } = withTarget(before, lines);
    assert.equal(text.split('\n')[line], '  box:', JSON.stringify(before.slice(0, 20)));
    assert.deepEqual((parse(text) as { targets: unknown }).targets, { box: { kind: 'ssh', host: 'me@gpu-box' } });
  }
});

test('names of targets are words that are not taken', () => {
  assert.equal(targetNameProblem('box-2', 'targets:\n  box:\n'), undefined);
  assert.match(targetNameProblem('box', 'targets:\n  box:\n') ?? '', /already/);
  assert.match(targetNameProblem('local', '') ?? '', /this machine/);
  assert.ok(targetNameProblem('a b', '') !== undefined);
  for (const word of ['yes', 'a: b', '1', "o'clock"]) assert.equal(parse(`k: ${yamlWord(word)}`).k, word);
});

test('hosts of an ssh configuration are those that can be typed', () => {
  const config =
    'Include ~/.ssh/work conf.d/*\nHost *\n  User me\nHost gpu-box gpu?\nhost=login\n\tHost "quoted" !no\n# Host comment\nMatch host x\n';
  assert.deepEqual(sshHosts(config), ['gpu-box', 'login', 'quoted']);
  assert.deepEqual(sshIncludes(config), ['~/.ssh/work', 'conf.d/*']);
});
