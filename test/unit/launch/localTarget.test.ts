import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readClaim, readExit, readState } from '../../../src/launch/local/jobFiles.ts';
import {
  findRunProcess,
  identifyProcess,
  isSameProcessAlive,
  signalGroup,
} from '../../../src/launch/local/processIdentity.ts';
import { JobFolder, text, until } from './jobs.ts';

let folder: JobFolder;
beforeEach(() => {
  folder = new JobFolder();
});
afterEach(() => folder.end());

const stubborn =
  "for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => console.log('heard ' + s)); console.log('ready'); setInterval(() => {}, 1000);";
const polite = "process.on('SIGINT', () => process.exit(42)); console.log('ready'); setInterval(() => {}, 1000);";

test('a job runs with its environment, its output is kept and its exit code is written', async () => {
  const job = folder.job(
    'a',
    "console.log(process.env.TRAINYARD_RUN_ID, process.env.TEST_VALUE, process.cwd()); console.error('größer'); process.exit(7)",
  );
  assert.equal(folder.target.inspect(job).kind, 'unclaimed');
  await folder.target.start(job);
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 7);
  assert.equal(
    readFileSync(path.join(job.directory, 'output.log'), 'utf8'),
    `a from the record ${job.directory}\ngrößer\n`,
  );
  const exit = readExit(job.directory);
  assert.deepEqual([exit?.runId, exit?.code, exit?.signal, exit?.stopRequested], ['a', 7, null, false]);
  for (const name of ['output.log', 'exit.json', 'state.json', 'claim.json']) {
    assert.equal(statSync(path.join(job.directory, name)).mode & 0o077, 0, `${name} is private`);
  }
});

test('a job that is started many times at once runs once', async () => {
  const job = folder.job('once', "require('fs').appendFileSync('starts', 'x'); setTimeout(() => {}, 200)");
  await Promise.all(Array.from({ length: 6 }, () => folder.target.start(job)));
  await until(folder.target, job, 'ended');
  await folder.target.start(job);
  await delay(400);
  assert.equal(readFileSync(path.join(job.directory, 'starts'), 'utf8'), 'x');
});

test('a command that cannot be started ends with the reason', async () => {
  const job = folder.job('missing', '', ['/no/such/program']);
  await folder.target.start(job);
  const end = await until(folder.target, job, 'ended');
  assert.ok(end.kind === 'ended');
  assert.equal(end.exitCode, 127);
  assert.match(end.detail, /could not be started.*ENOENT/);
});

test('a stop asks politely first', async () => {
  const job = folder.job('polite', polite);
  await folder.target.start(job);
  await text(job, 'output.log');
  folder.target.stop(job, { force: false });
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 42);
  assert.equal(readExit(job.directory)?.stopRequested, true);
});

test('a job that does not listen hears SIGINT, then SIGTERM, and is killed at last', async () => {
  const job = folder.job('stubborn', stubborn);
  await folder.target.start(job);
  await text(job, 'output.log');
  folder.target.stop(job, { force: false });
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.signal, 'SIGKILL');
  assert.equal(await text(job, 'output.log'), 'ready\nheard SIGINT\nheard SIGTERM\n');
});

test('force kills at once, with everything that the job started', async () => {
  const job = folder.job(
    'tree',
    `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).on('spawn', function () { require('fs').writeFileSync('grandchild', String(this.pid)) }); ${stubborn}`,
  );
  await folder.target.start(job);
  const grandchild = Number(await text(job, 'grandchild'));
  folder.target.stop(job, { force: true });
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.signal, 'SIGKILL');
  while (identifyProcess(grandchild) !== undefined) await delay(20);
});

test('a kill reaches what the job has started in sessions of their own, as torchrun does', async () => {
  const inner = "console.log('inner ' + process.pid); setInterval(() => {}, 1000)";
  const job = folder.job(
    'apart',
    `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { detached: true, stdio: 'inherit' }); setInterval(() => {}, 1000)`,
  );
  await folder.target.start(job);
  const log = path.join(job.directory, 'output.log');
  await text(job, 'output.log');
  const innerPid = () => Number(/inner (\d+)\n/.exec(readFileSync(log, 'utf8'))?.[1] ?? 0);
  while (innerPid() === 0) await delay(20);
  const inside = identifyProcess(innerPid())!;
  folder.target.stop(job, { force: true });
  await until(folder.target, job, 'ended');
  while (isSameProcessAlive(inside)) await delay(20);
});

test('a job that is stopped before its shim has come does not start', async () => {
  const job = folder.job('early', "require('fs').writeFileSync('ran', '1')");
  folder.target.stop(job, { force: false });
  await folder.target.start(job);
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 130);
  assert.throws(() => statSync(path.join(job.directory, 'ran')));
});

test('when the shim is killed the job is still watched, can be stopped, and is said to be lost at the end', async () => {
  const job = folder.job('orphan', stubborn);
  await folder.target.start(job);
  await text(job, 'output.log');
  const shim = readClaim(job.directory)!.shim;
  process.kill(shim.pid, 'SIGKILL');
  while (isSameProcessAlive(shim)) await delay(10);
  const running = folder.target.inspect(job);
  assert.ok(running.kind === 'running' && running.detail.includes('shim is gone'));
  folder.target.stop(job, { force: false });
  assert.equal((await until(folder.target, job, 'lost')).kind, 'lost');
  assert.equal(await text(job, 'output.log'), 'ready\nheard SIGINT\nheard SIGTERM\n');
});

test('a job that was killed from outside leaves its signal', async () => {
  const job = folder.job('victim', stubborn);
  await folder.target.start(job);
  await text(job, 'output.log');
  signalGroup(readState(job.directory)!.child!.pid, 'SIGKILL');
  const end = await until(folder.target, job, 'ended');
  assert.equal(end.kind === 'ended' && end.signal, 'SIGKILL');
  assert.equal(readExit(job.directory)?.stopRequested, false);
});

test('a process is found by the run that it belongs to', async (context) => {
  if (process.platform !== 'linux') return context.skip('the environment of processes can be read on Linux only');
  const job = folder.job('findable', stubborn);
  await folder.target.start(job);
  await text(job, 'output.log');
  assert.equal(findRunProcess('findable', [])?.pid, readState(job.directory)?.child?.pid);
  assert.equal(findRunProcess('unknown', []), undefined);
});

test('another start of the same pid is another process', () => {
  const me = identifyProcess(process.pid)!;
  assert.equal(isSameProcessAlive(me), true);
  assert.equal(isSameProcessAlive({ ...me, startTime: '1' }), false);
  assert.equal(isSameProcessAlive({ ...me, bootId: 'another boot' }), false);
});

test('a zombie has ended: nobody has to ask for its exit code', { skip: process.platform === 'win32' }, async () => {
  // The shell becomes a program that never waits for the child which the shell has started.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    while (identifyProcess(pid) !== undefined) await delay(20);
    assert.doesNotThrow(() => process.kill(pid, 0), 'it is still in the table of processes');
  } finally {
    parent.kill('SIGKILL');
  }
});
