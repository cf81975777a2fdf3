import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { splitProgram } from '../../../src/cli/commands/commandOptions.ts';
import { axisOf } from '../../../src/cli/commands/sweep.ts';
import { shutDownWorker } from '../../../src/client/index.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import type { Sweep } from '../../../src/domain/sweep.ts';
import { temporaryFolder } from '../readers/support/events.ts';
import { trainyard } from './support.ts';

test('commands are launched, previewed, reproduced and compared; targets, sweeps and registries are listed by the command line', async (context) => {
  const lab = temporaryFolder(context);
  const folder = path.join(lab, 'project');
  const env = { TRAINYARD_HOME: path.join(lab, 'home') };
  context.after(() => shutDownWorker({ client: 'cli', version: '0.0.0', env: { ...process.env, ...env } }));
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'train.cjs'),
    'require("fs").writeFileSync("argv.json", JSON.stringify(process.argv.slice(2))); process.exit(process.argv.includes("fail=1") ? 3 : 0)',
  );
  writeFileSync(path.join(folder, '.gitignore'), 'runs/\nargv.json\n');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], { cwd: folder });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'first');
  const run = (...args: string[]) => trainyard(args, { cwd: folder, env });
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(...args, ...(args.includes('--') ? [] : ['--json']));
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };
  const words = ['seed=1', "it's=$(x)", 'line=a\nb', '--lr', '0.1', '--help'];
  const preview = await json<{ command: string[]; problems: string[] }>(
    'launch',
    '--preview',
    '--json',
    '--gpus',
    '0',
    '--',
    process.execPath,
    'train.cjs',
    ...words,
  );
  assert.deepEqual([preview.command, preview.problems], [[process.execPath, 'train.cjs', ...words], []]);
  const first = await json<{ run: RunSummary }>(
    'launch',
    '--wait',
    '--json',
    '--gpus',
    '0',
    '--name',
    'one',
    '--',
    process.execPath,
    'train.cjs',
    ...words,
  );
  assert.equal(first.run.status, 'finished');
  assert.deepEqual(JSON.parse(readFileSync(path.join(folder, 'argv.json'), 'utf8')), words);
  const failed = await run(
    'launch',
    '--wait',
    '--gpus',
    '0',
    '--name',
    'two',
    '--',
    process.execPath,
    'train.cjs',
    'seed=2',
    'fail=1',
  );
  assert.deepEqual([failed.code, /two: failed/.test(failed.stdout)], [1, true]);
  const again = await json<{ run: RunSummary; worktree: string }>('reproduce', 'one', '--wait');
  assert.deepEqual([again.run.status, again.run.name], ['finished', 'one-2']);
  assert.equal(readFileSync(path.join(again.worktree, 'argv.json'), 'utf8'), JSON.stringify(words));
  const compared = await run('compare', 'one', 'two');
  assert.match(compared.stdout, /^- seed: 1$/m);
  assert.match(compared.stdout, /^\+ seed: 2$/m);
  assert.match((await run('compare', 'one', 'one-2', '--what', 'code')).stderr, /The code is the same/);
  writeFileSync(path.join(folder, 'Makefile'), '.PHONY: train\ntrain:\n\techo train\n');
  const { entries } = await json<{ entries: { id: string }[] }>('entries');
  assert.ok(
    entries.some(({ id }) => id.startsWith('make:')),
    JSON.stringify(entries),
  );
  const { targets } = await json<{ targets: { name: string }[] }>('targets');
  assert.deepEqual(
    targets.map(({ name }) => name),
    ['local'],
  );
  assert.match((await run('targets', 'local')).stdout, /^local \(local\): usable\n {2}.*GPU/);
  const { sweep } = await json<{ sweep: Sweep }>(
    'sweep',
    'start',
    '--json',
    '--gpus',
    '0',
    '--name',
    'grid',
    '--axis',
    'lr=1,2',
    '--axis',
    'seed=7',
    '--hold',
    '--',
    process.execPath,
    'train.cjs',
  );
  assert.deepEqual(
    sweep.trials.map(({ overrides }) => overrides),
    [
      ['lr=1', 'seed=7'],
      ['lr=2', 'seed=7'],
    ],
  );
  const { sweeps } = await json<{ sweeps: Sweep[] }>('sweep');
  assert.deepEqual(
    sweeps.map(({ name }) => name),
    ['grid'],
  );
  mkdirSync(path.join(folder, 'runs'), { recursive: true });
  writeFileSync(
    path.join(folder, 'runs', 'experiment_registry.json'),
    JSON.stringify({
      meta: {},
      experiments: { a: { status: 'failed', error_msg: 'CUDA out of memory', metrics: {} } },
    }),
  );
  assert.match((await run('registry')).stdout, /^a +failed/m);
  const { changed } = await json<{ changed: string[] }>('registry', 'mark-all-failed');
  assert.deepEqual(changed, ['a']);
  const wrong = [
    [['launch', '--gpus', 'x', '--', 'a'], /--gpus takes a whole number/],
    [['launch', '--entry', 'x', '--env', 'A'], /--env takes NAME=VALUE/],
    [['sweep', 'start', '--', 'a'], /at least one --axis/],
    [['registry', 'burn'], /no action "burn"/],
    [['compare', 'one'], /two runs/],
    [['pipeline', 'launch'], /name of a pipeline/],
  ] as const;
  await Promise.all(
    wrong.map(async ([args, message]) => {
      const { code, stderr } = await run(...args);
      assert.deepEqual([code, message.test(stderr)], [2, true], stderr);
    }),
  );
});

test('axes and programs are taken apart as they are meant', () => {
  assert.deepEqual(axisOf('lr=0.1,0.01'), { key: 'lr', values: ['0.1', '0.01'] });
  assert.deepEqual(axisOf('model.lr=1e-4..1e-1:log'), { key: 'model.lr', low: 1e-4, high: 0.1, log: true });
  assert.deepEqual(axisOf('n=1..8:log:int'), { key: 'n', low: 1, high: 8, log: true, integer: true });
  assert.throws(() => axisOf('n=8..1'), /smaller number to a larger/);
  assert.throws(() => axisOf('=1'), /KEY=VALUES/);
  assert.deepEqual(splitProgram(['python', '-m', 'hub.train', '--config', 'x.py']).program, [
    'python',
    '-m',
    'hub.train',
  ]);
  assert.deepEqual(splitProgram(['uv', 'run', 'train.py', 'a=1']), {
    program: ['uv', 'run', 'train.py'],
    rest: ['a=1'],
  });
  assert.deepEqual(splitProgram(['make', 'smoke']), { program: ['make'], rest: ['smoke'] });
});
