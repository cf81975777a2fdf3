import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
import type { LaunchRecord } from '../../../../src/domain/launch.ts';
import { client, host, restart } from '../openWorker.ts';

const printsArguments = 'require("fs").writeFileSync("argv.json", JSON.stringify(process.argv.slice(2)))';

function request(more: Partial<CommandLaunchRequest> = {}): CommandLaunchRequest {
  return {
    requestId: `request-${Math.random()}`,
    folder: host.folder,
    command: [process.execPath, 'program.cjs'],
    arguments: [],
    target: { name: 'local' },
    gpus: 0,
    ...more,
  };
}

function recordOf(directory: string): LaunchRecord {
  return JSON.parse(readFileSync(path.join(directory, 'launch.json'), 'utf8')) as LaunchRecord;
}

function git(...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], { cwd: host.folder });
}

test('a command runs with its arguments as they were typed, and its record says everything', async () => {
  host.write('program.cjs', printsArguments);
  const args = ['seed=1', 'name=a b', "quote=it's", 'shell=$(touch pwned)', 'line=a\nb', 'größe=„ü“', '--lr', '0.1'];
  const preview = await client.call('command.preview', request({ arguments: args }));
  assert.deepEqual(preview.problems, []);
  assert.deepEqual(preview.warnings, []);
  assert.match(preview.commandLine, /'shell=\$\(touch pwned\)'/);
  assert.equal(
    execFileSync('sh', ['-c', `printf '%s|' ${preview.commandLine.split('program.cjs ')[1]}`], { encoding: 'utf8' }),
    `${args.join('|')}|`,
  );
  assert.deepEqual(preview.config?.['lr'], 0.1);
  const asked = request({ arguments: args, labels: ['x'], priority: 3 });
  const { runId, run } = await client.call('command.launch', asked);
  const again = await client.call('command.launch', asked);
  assert.equal(again.runId, runId);
  const ended = await host.until(client, runId, 'finished', 'failed', 'lost');
  assert.equal(ended.status, 'finished', ended.statusReason);
  assert.deepEqual(JSON.parse(readFileSync(path.join(host.folder, 'argv.json'), 'utf8')), args);
  assert.equal(existsSync(path.join(host.folder, 'pwned')), false);
  const record = recordOf(run.path);
  assert.deepEqual(record.commandLaunch?.target, { name: 'local', settings: { kind: 'local' } });
  assert.deepEqual(record.commandLaunch?.request, asked);
  assert.deepEqual([run.recipe, run.labels, run.target], [undefined, ['x'], 'local']);
  assert.equal(run.entry, `command:${JSON.stringify(asked.command)}`);
  assert.deepEqual(ended.name.startsWith('program-'), true, ended.name);
  const detail = await client.call('runs.get', { runId });
  assert.equal(detail.config['lr'], 0.1);
});

test('what is wrong is said before anything is made', async () => {
  process.env['WORKER_TEST_TOKEN'] = 'do-not-tell-anybody';
  try {
    const wrong = await client.call('command.preview', {
      ...request({
        arguments: ['a\0b', 'x=do-not-tell-anybody'],
        target: { name: 'moon' },
        checkpoint: '/nowhere.pt',
        name: 'a/b',
      }),
      command: ['no-such-program-anywhere'],
    });
    const text = wrong.problems.join('\n');
    for (const part of [
      /NUL/,
      /WORKER_TEST_TOKEN/,
      /no target "moon"/,
      /no checkpoint/,
      /no run name/,
      /no program "no-such/,
    ])
      assert.match(text, part);
    assert.equal(text.includes('do-not-tell-anybody'), false);
    await assert.rejects(client.call('command.launch', request({ command: ['no-such-program-anywhere'] })), {
      code: 'bad-config',
    });
    await assert.rejects(client.call('command.launch', { ...request(), entry: 'x' }), { code: 'bad-config' });
    assert.equal(existsSync(path.join(host.folder, 'runs')), false);
  } finally {
    delete process.env['WORKER_TEST_TOKEN'];
  }
});

test('secrets are handed on by the environment alone and never written down', async () => {
  host.write('program.cjs', 'console.log("ready")');
  const asked = request({ env: { MY_API_KEY: 'hush-hush-hush', OPEN: 'yes' } });
  const preview = await client.call('command.preview', asked);
  assert.match(preview.warnings.join(' '), /MY_API_KEY is a secret by its name/);
  const { run, runId } = await client.call('command.launch', asked);
  await host.until(client, runId, 'finished');
  const text = readFileSync(path.join(run.path, 'launch.json'), 'utf8');
  assert.equal(text.includes('hush-hush-hush'), false);
  assert.equal(recordOf(run.path).env['OPEN'], 'yes');
});

test('a launch keeps commit, patch and the untracked files, and says what it left out', async () => {
  git('init', '-q', '-b', 'main');
  host.write('program.cjs', 'console.log(require("./extra.cjs"))');
  host.write('uv.lock', 'version = 1\n');
  git('add', '.');
  git('commit', '-qm', 'first');
  host.write('program.cjs', 'console.log(require("./extra.cjs") + 1)');
  host.write('extra.cjs', 'module.exports = 41');
  host.write('tools/deep/more.cjs', '1');
  host.write('.env', 'TOKEN=abc');
  host.write('big.bin', new Uint8Array(1_200_000));
  host.write('logs/x/a.txt', 'result');
  const { run, runId } = await client.call('command.launch', request({ arguments: ['seed=1'] }));
  assert.equal((await host.until(client, runId, 'finished', 'failed')).status, 'finished');
  assert.equal(readFileSync(path.join(run.path, 'output.log'), 'utf8'), '42\n');
  const record = recordOf(run.path);
  assert.match(record.commit ?? '', /^[0-9a-f]{40}$/);
  assert.deepEqual([record.branch, record.dirty, record.patchFile], ['main', true, 'changes.patch']);
  assert.match(readFileSync(path.join(run.path, 'changes.patch'), 'utf8'), /\+ 1/);
  const kept = path.join(run.path, 'snapshot', 'untracked');
  assert.equal(readFileSync(path.join(kept, 'extra.cjs'), 'utf8'), 'module.exports = 41');
  assert.equal(readFileSync(path.join(kept, 'tools/deep/more.cjs'), 'utf8'), '1');
  const list = JSON.parse(readFileSync(path.join(run.path, 'snapshot/untracked.json'), 'utf8')) as {
    kept: string[];
    leftOut: { path: string; reason: string }[];
  };
  assert.deepEqual(list.kept, ['extra.cjs', 'tools/deep/more.cjs']);
  assert.deepEqual(list.leftOut.map((each) => each.path).sort(), ['.env', 'big.bin', 'logs/']);
  assert.equal(readFileSync(path.join(run.path, 'snapshot/locks/uv.lock'), 'utf8'), 'version = 1\n');
  for (const name of ['snapshot/untracked/extra.cjs', 'snapshot/untracked.json', 'snapshot/locks/uv.lock'])
    assert.ok(record.commandLaunch?.snapshot.includes(name), name);
});

test('changes against the last run of the same command are told, and a run can be asked for again', async () => {
  host.write('program.cjs', 'process.exit(0)');
  const { runId, run } = await client.call(
    'command.launch',
    request({ arguments: ['seed=1', 'lr=0.1', 'old=1'], name: 'base', hold: true, group: 'g', after: [] }),
  );
  const preview = await client.call('command.preview', request({ arguments: ['seed=1', 'lr=0.2', 'new=2'] }));
  assert.equal(preview.changesFrom, 'base');
  assert.deepEqual(preview.changes, ['lr: 0.1 → 0.2', 'new: (none) → 2', 'old: 1 → (none)']);
  const again = await client.call('command.request', { runId });
  assert.deepEqual(
    [again.name, again.arguments, again.hold, again.group, again.parent],
    ['base-2', ['seed=1', 'lr=0.1', 'old=1'], undefined, undefined, undefined],
  );
  const checkpoint = host.write('last.ckpt', 'x');
  const resumed = await client.call('command.request', { runId, checkpoint });
  assert.deepEqual([resumed.parent, resumed.checkpoint], [run.id, checkpoint]);
  const script = await host.launchScript('script', 'process.exit(0)', { hold: true });
  await assert.rejects(client.call('command.request', { runId: script }), { code: 'conflict' });
});

test('a launch that was cut off before its place in the queue gets the same job from the next worker', async () => {
  host.write('program.cjs', 'process.exit(0)');
  const { runId, run } = await client.call(
    'command.launch',
    request({ hold: true, priority: 5, group: 'night', groupLimit: 2, notBefore: 12 }),
  );
  const { DatabaseSync } = await import('node:sqlite');
  await restart(() => {
    const database = new DatabaseSync(host.paths.database);
    database.exec('DELETE FROM jobs; UPDATE requests SET queued = 0');
    database.close();
  });
  const { jobs } = await client.call('queue.list', {});
  const [job] = jobs;
  assert.deepEqual(
    [job?.runId, job?.state, job?.slot, job?.target, job?.runName],
    [runId, 'held', 'cpu', 'local', run.name],
  );
  assert.deepEqual([job?.priority, job?.group, job?.groupLimit, job?.notBefore], [5, 'night', 2, 12]);
});
