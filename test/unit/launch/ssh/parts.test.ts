import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaunchRecord } from '../../../../src/domain/launch.ts';
import type { SshSettings } from '../../../../src/domain/target.ts';
import { interestingFiles, mirrorRule } from '../../../../src/launch/ssh/mirrorRules.ts';
import { remoteCommand } from '../../../../src/launch/ssh/remoteCommand.ts';
import { sshArguments } from '../../../../src/launch/ssh/sshCommand.ts';
import { explainSshEnd } from '../../../../src/launch/ssh/sshFailure.ts';
import { pollPauseMs } from '../../../../src/launch/ssh/sshPace.ts';

const settings: SshSettings = { kind: 'ssh', host: 'box', env: { DATA: '/repo/data' } };
const places = {
  root: '/repo',
  remoteRoot: '/there/runs/1/work',
  directory: '/repo/runs/one',
  remoteDirectory: '/there/runs/1',
  inputs: new Map([['/repo/runs/zero/last.ckpt', '/there/runs/0/work/last.ckpt']]),
};
const record = (command: readonly string[]) =>
  ({ id: '1', command, cwd: '/repo/sub', env: { A: 'a' } }) as unknown as LaunchRecord;
const there = (...command: string[]) => remoteCommand(record(command), settings, places).command;

test('paths of this machine become those of the other one, and only whole paths', () => {
  assert.deepEqual(there('uv', 'run', '/repo/src/train.py', 'dir=/repo', 'x=[/repo/a,/repository/b]', 'a/repo/b'), [
    'uv',
    'run',
    '/there/runs/1/work/src/train.py',
    'dir=/there/runs/1/work',
    'x=[/there/runs/1/work/a,/repository/b]',
    'a/repo/b',
  ]);
  assert.deepEqual(there('true', 'hydra.run.dir=/repo/runs/one/x', 'ckpt_path=/repo/runs/zero/last.ckpt'), [
    'true',
    'hydra.run.dir=/there/runs/1/x',
    'ckpt_path=/there/runs/0/work/last.ckpt',
  ]);
});

test("an environment's Python does not travel; the target's takes its place", () => {
  assert.equal(there('/repo/.venv/bin/python', 'a')[0], 'python3');
  assert.equal(there('/home/me/miniconda3/envs/x/bin/python3.11')[0], 'python3');
  assert.equal(there('python')[0], 'python');
  assert.equal(there('/usr/bin/env')[0], '/usr/bin/env');
  const own = { ...settings, code: 'none', workdir: '/there/repo', python: '/opt/python' } as const;
  const shared = { ...places, remoteRoot: '/there/repo' };
  assert.equal(
    remoteCommand(record(['/repo/.venv/bin/python']), own, shared).command[0],
    '/there/repo/.venv/bin/python',
  );
  assert.equal(remoteCommand(record(['/usr/bin/python3']), own, shared).command[0], '/opt/python');
});

test('the job knows its run, its folder and the variables of the target', () => {
  assert.deepEqual(remoteCommand(record(['true']), settings, places), {
    command: ['true'],
    cwd: '/there/runs/1/work/sub',
    env: {
      PYTHONUNBUFFERED: '1',
      A: 'a',
      DATA: '/there/runs/1/work/data',
      TRAINYARD_RUN_ID: '1',
      TRAINYARD_RUN_DIR: '/there/runs/1',
    },
  });
});

test('logs and metrics are followed, small files copied, weights named, the rest stays there', () => {
  const kinds = (...files: string[]) => files.map((file) => mirrorRule(file)?.kind);
  assert.deepEqual(kinds('output.log', 'work/tb/events.out.tfevents.12.box.1.0', 'work/csv/metrics.csv'), [
    'append',
    'append',
    'append',
  ]);
  assert.deepEqual(kinds('work/.hydra/config.yaml', 'samples/1.png', 'work/mlruns/0/abc/metrics/loss'), [
    'whole',
    'whole',
    'append',
  ]);
  assert.deepEqual(kinds('checkpoints/last.safetensors', 'work/epoch=3.ckpt', 'train.py', 'data.parquet'), [
    'list',
    'list',
    undefined,
    undefined,
  ]);
  assert.ok(new RegExp(interestingFiles).test('csv/metrics.csv'));
  assert.ok(!new RegExp(interestingFiles).test('src/train.py'));
});

test('questions come less often with age, and seldom while nobody looks', () => {
  assert.equal(pollPauseMs(1_000, false), 500);
  assert.equal(pollPauseMs(60_000, true), 1_000);
  assert.equal(pollPauseMs(24 * 3_600_000, true), 5_000);
  assert.equal(pollPauseMs(24 * 3_600_000, false), 60_000);
});

test('ssh is told nothing that a shell over there would take apart, and no option in place of a host', () => {
  const args = sshArguments({ host: 'me@box', configFile: '/c', python: '~/my python/bin/python3' }, { canAsk: false });
  assert.deepEqual(args.slice(0, 3), ['-T', '-F', '/c']);
  assert.deepEqual(args.slice(-3, -1), ['--', 'me@box']);
  assert.match(args.at(-1)!, /^exec "\$HOME"\/'my python\/bin\/python3' -u -c '[^'!$]*'$/);
  assert.ok(args.includes('BatchMode=yes'));
  for (const host of ['-oProxyCommand=x', '', 'a b', 'a;b', '$(x)', 'a\nb'])
    assert.throws(() => sshArguments({ host }, { canAsk: false }), { code: 'bad-config' });
});

/** What ssh or a shell says → code and sentence. */
const ends: readonly (readonly [stderr: string, code: string, message: RegExp])[] = [
  ['ssh: connect to host box port 22: Connection timed out', 'unreachable', /^box does not answer: .*timed out\.$/],
  ['ssh: Could not resolve hostname box: Name or service not known', 'unreachable', /^No machine is known as box/],
  ['me@box: Permission denied (publickey,password).', 'refused', /^box refused the login/],
  [
    '@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.',
    'refused',
    /another host key/,
  ],
  [
    '/c: line 3: Bad configuration option: foo\n/c: terminating, 1 bad configuration options',
    'refused',
    /configuration/,
  ],
  ['bash: line 1: exec: python3: not found', 'refused', /no Python on box/],
  ["AttributeError: 'file' object has no attribute 'buffer'", 'refused', /too old/],
  ['', 'unreachable', /^box does not answer\.$/],
];
test('every end of ssh has a sentence and a next step', () => {
  for (const [stderr, code, message] of ends) {
    const error = explainSshEnd({ host: 'box' }, { code: 255, stderr });
    assert.equal(error.code, code, stderr);
    assert.match(error.message, message);
    assert.ok((error.hint ?? '').length > 20);
  }
  const asked = explainSshEnd({ host: 'box' }, { code: 255, stderr: 'Permission denied', unanswered: 'Code: ' });
  assert.match(asked.message, /ssh asked "Code:" and got no answer/);
});
