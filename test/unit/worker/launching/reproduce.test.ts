import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { LaunchRecord } from '../../../../src/domain/launch.ts';
import type { RunSummary } from '../../../../src/domain/run.ts';
import { TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
  git('init', '-q', '-b', 'main');
  host.write(
    'program.cjs',
    'console.log("one", require("./extra.cjs"), process.argv.slice(2).join(" "), require("fs").readFileSync("data/a.txt", "utf8"))',
  );
  host.write('.gitignore', 'data/\n');
  host.write('data/a.txt', 'numbers');
  git('add', '.');
  git('commit', '-qm', 'first');
  host.write('program.cjs', readFileSync(path.join(host.folder, 'program.cjs'), 'utf8').replace('one', 'two'));
  host.write('extra.cjs', 'module.exports = "extra"');
  await client.call('folder.open', { folder: host.folder, trusted: true });
});
afterEach(() => host.end());

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: host.folder, encoding: 'utf8' });
}

async function launch(name: string, args: readonly string[]): Promise<{ runId: RunId; run: RunSummary }> {
  const launched = await client.call('command.launch', {
    requestId: name,
    folder: host.folder,
    command: [process.execPath, 'program.cjs'],
    arguments: args,
    target: { name: 'local' },
    gpus: 0,
    name,
  });
  await host.until(client, launched.runId, 'finished', 'failed');
  return launched;
}

const logOf = (run: { path: string }) => readFileSync(path.join(run.path, 'output.log'), 'utf8');

test('a run is reproduced in a worktree with its patch, its untracked files and its data, after the code went on', async () => {
  const { runId, run } = await launch('base', ['seed=1', 'data=data/a.txt']);
  assert.equal(logOf(run), 'two extra seed=1 data=data/a.txt numbers\n');
  await eventuallySnapshot(run.path);
  host.write('program.cjs', 'console.log("three")');
  git('commit', '-qam', 'second');
  rmSync(path.join(host.folder, 'extra.cjs'));
  const before = git('status', '--porcelain');
  const again = await client.call('runs.reproduce', { runId, requestId: 'again' });
  assert.equal((await host.until(client, again.runId, 'finished', 'failed')).status, 'finished');
  assert.equal(logOf(again.run), logOf(run));
  assert.equal(again.run.name, 'base-2');
  assert.match(again.run.note, /^Reproduces base at [0-9a-f]{10}\.$/);
  assert.equal(path.dirname(again.worktree), path.join(host.folder, '.trainyard', 'worktrees'));
  const [first, second] = [run, again.run].map(
    ({ path: place }) => JSON.parse(readFileSync(path.join(place, 'launch.json'), 'utf8')) as LaunchRecord,
  );
  assert.deepEqual([second!.commit, second!.dirty], [first!.commit, true]);
  assert.equal(
    readFileSync(path.join(again.run.path, 'changes.patch'), 'utf8'),
    readFileSync(path.join(run.path, 'changes.patch'), 'utf8'),
  );
  assert.equal(git('status', '--porcelain'), before);
  assert.deepEqual(
    await client
      .call('runs.reproduce', { runId, requestId: 'again' })
      .then((answer) => [answer.runId, answer.worktree]),
    [again.runId, again.worktree],
  );
  await client.call('folder.refresh', { folder: host.folder });
  assert.deepEqual((await client.call('runs.list', { folder: host.folder })).runs.map(({ name }) => name).sort(), [
    'base',
    'base-2',
  ]);
});

test('what could not be restored is said in the note, and code that was not recorded is a clear refusal', async () => {
  host.write('large.bin', new Uint8Array(1_100_000));
  const { runId } = await launch('base', ['data=data/a.txt']);
  const again = await client.call('runs.reproduce', { runId, requestId: 'again' });
  assert.match(again.run.note, /not restored: large\.bin \(larger than/);
  rmSync(path.join(host.folder, '.git'), { recursive: true, force: true });
  await assert.rejects(client.call('runs.reproduce', { runId, requestId: 'third' }), /no git repository any more/);
  const { runId: plain } = await launch('plain', []);
  await assert.rejects(client.call('runs.reproduce', { runId: plain, requestId: 'fourth' }), { code: 'conflict' });
});

test('two runs are compared: configuration, code with patches and untracked files, environment', async () => {
  const left = await launch('left', ['lr=0.1', 'seed=1']);
  git('commit', '-qam', 'second');
  host.write('extra.cjs', 'module.exports = "other"');
  host.write('fresh.cjs', '1');
  const right = await launch('right', ['lr=0.2', 'seed=1']);
  const compare = (what: 'config' | 'code' | 'environment') =>
    client.call('runs.compare', { left: left.runId, right: right.runId, what });
  const config = await compare('config');
  assert.deepEqual([config.left, config.right, config.language], ['lr: 0.1\nseed: 1\n', 'lr: 0.2\nseed: 1\n', 'yaml']);
  const objects = git('count-objects');
  const code = await compare('code');
  assert.deepEqual([code.left, code.language, code.remarks], ['', 'diff', []]);
  // The same change, uncommitted on the left and committed on the right, is no difference.
  assert.deepEqual(
    [...code.right.matchAll(/^diff --git a\/(\S+)/gm)].map((match) => match[1]),
    ['extra.cjs', 'fresh.cjs'],
  );
  assert.match(code.right, /^-module.exports = "extra"$/m);
  assert.equal(git('count-objects'), objects);
  const environment = await compare('environment');
  assert.equal(environment.language, 'plaintext');
  const self = await client.call('runs.compare', { left: left.runId, right: left.runId, what: 'code' });
  assert.deepEqual([self.right, self.remarks], ['', ['The code is the same.']]);
  const script = await host.launchScript('script', 'process.exit(0)', { hold: true });
  await assert.rejects(client.call('runs.compare', { left: left.runId, right: script, what: 'code' }), {
    code: 'conflict',
  });
});

async function eventuallySnapshot(directory: string): Promise<void> {
  while (!existsSync(path.join(directory, 'snapshot', 'data.json')))
    await new Promise((resolve) => setTimeout(resolve, 20));
}
