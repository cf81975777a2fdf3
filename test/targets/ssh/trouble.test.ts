import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readExit } from '../../../src/launch/local/jobFiles.ts';
import { AskPass } from '../../../src/launch/ssh/askPass.ts';
import { SshHosts } from '../../../src/launch/ssh/sshHosts.ts';
import { Lab } from './jobs.ts';
import { missingServer, passphrase, SshServer } from './sshServer.ts';

const skip = missingServer() ?? false;
let server: SshServer;
let lab: Lab;
before(async () => {
  if (skip !== false) return;
  server = new SshServer();
  await server.start();
});
after(async () => server?.end());
beforeEach(() => {
  if (skip === false) lab = new Lab(server);
});
afterEach(() => {
  if (smallDisk !== undefined) spawnSync('umount', ['-l', smallDisk]);
  smallDisk = undefined;
  lab?.end();
});

let smallDisk: string | undefined;
/** Puts a disk of a few megabytes under the base folder over there. */
function mountSmallDisk(): string | undefined {
  mkdirSync(lab.base, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', lab.base]);
  if (mounted.status !== 0) return 'a small disk cannot be mounted here';
  smallDisk = lab.base;
  return undefined;
}

const python = (script: string, ...args: string[]) => ['python3', '-c', script, ...args];

test('no room for the code over there is said, starts nothing, and is over when there is room again', {
  skip,
}, async (context) => {
  const reason = mountSmallDisk();
  if (reason !== undefined) return context.skip(reason);
  lab.write('large.bin', randomBytes(2_500_000).toString('hex'));
  lab.commit();
  const job = lab.job({ command: python('print("ran")') });
  await lab.target.start(job);
  const end = await lab.until(job, 'ended');
  assert.ok(end.kind === 'ended' && end.exitCode === 127);
  assert.match(end.detail, /^No room is left on box: .*Free some space over there/);
  assert.equal(existsSync(lab.there(job, 'claim.json')), false);
  spawnSync('mount', ['-o', 'remount,size=40m', lab.base]);
  const again = lab.job({ command: python('print("ran")') });
  await lab.target.start(again);
  await lab.until(again, 'ended');
  assert.equal(lab.read(again, 'output.log'), 'ran\n');
});

test('a job that fills the disk over there: its end is written as soon as there is room', { skip }, async (context) => {
  const reason = mountSmallDisk();
  if (reason !== undefined) return context.skip(reason);
  const script = [
    'import sys',
    'print("before", flush=True)',
    'f = open("filler.bin2", "wb", buffering=0)',
    'try:',
    '  while True:',
    '    if f.write(b"x" * 512) < 512: break',
    'except OSError as problem: pass',
    'sys.exit(9)',
  ].join('\n');
  const job = lab.job({ command: python(script) });
  await lab.target.start(job);
  await lab.untilTrue(
    [job],
    () => lab.target.inspect(job).kind === 'running' && lab.read(job, 'output.log') === 'before\n',
  );
  await delay(1_500);
  assert.equal(lab.target.inspect(job).kind, 'running');
  rmSync(lab.there(job, 'work/filler.bin2'));
  const end = await lab.until(job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 9);
});

test('a connection that breaks while the code is sent is taken up where it was', { skip }, async () => {
  lab.write('large.bin', randomBytes(5_000_000).toString('hex'));
  lab.write('small.txt', 'small');
  lab.commit();
  const job = lab.job({ command: python('import os; print(os.path.getsize("large.bin"), open("small.txt").read())') });
  const started = lab.target.start(job);
  const parts = () => globSync(path.join(lab.base, 'objects', '*', '*.part'));
  while (parts().length === 0) await delay(5);
  server.killConnections();
  await started;
  assert.equal(lab.target.inspect(job).kind, 'queued');
  await lab.until(job, 'ended');
  assert.equal(lab.read(job, 'output.log'), '10000000 small\n');
  assert.deepEqual(parts(), []);
});

test('through a jump host, and with a key that needs a passphrase', { skip }, async () => {
  const ask = { program: [process.execPath, path.resolve('src/launch/ssh/askpassMain.ts')], env: {} };
  let asked = 0;
  const askPass = new AskPass({
    ...ask,
    ask: async () => {
      asked += 1;
      return passphrase;
    },
  });
  try {
    lab.useHosts(new SshHosts(askPass.open));
    const jump = lab.job({ command: python('print("jumped")'), settings: { host: 'jump' } });
    const locked = lab.job({ command: python('print("unlocked")'), settings: { host: 'locked' } });
    await Promise.all([lab.target.start(jump), lab.target.start(locked)]);
    await lab.until(jump, 'ended');
    await lab.until(locked, 'ended');
    assert.equal(lab.read(jump, 'output.log'), 'jumped\n');
    assert.equal(lab.read(locked, 'output.log'), 'unlocked\n');
    assert.equal(asked, 1);
    // What a person typed is in no file, here or over there.
    const files = [lab.folder, server.folder].flatMap((folder) => filesBelow(folder));
    assert.ok(!files.some((file) => readFileSync(file).includes(passphrase)));
  } finally {
    lab.restart();
    askPass.dispose();
  }
});

test('without anybody who could type the passphrase the launch ends with that sentence', { skip }, async () => {
  const job = lab.job({ command: ['true'], settings: { host: 'locked' } });
  await lab.target.start(job);
  const end = await lab.until(job, 'ended');
  assert.match(end.kind === 'ended' ? end.detail : '', /^locked refused the login: .*ssh-add/);
  assert.equal(readExit(job.directory)?.code, 127);
});

const oldest = globSync(path.join(os.homedir(), '.pyenv/versions/3.6.*/bin/python3'))[0];
test('Python 3.6 over there is enough', {
  skip: skip || (oldest === undefined && 'there is no Python 3.6 here'),
}, async () => {
  const job = lab.job({
    command: python('print("größer")'),
    settings: { python: oldest! },
    env: { PYTHONIOENCODING: 'utf-8' },
  });
  await lab.target.start(job);
  await lab.untilTrue([job], () => readExit(job.directory) !== undefined);
  assert.equal(lab.read(job, 'output.log'), 'größer\n');
  assert.equal(
    await lab.hosts
      .executor(server.place('box', { python: oldest! }))
      .run(['printf', 'ü%s', 'a b'])
      .then(({ stdout }) => stdout),
    'üa b',
  );
});

test('sixteen jobs on one host are one connection and one question at a time', { skip }, async () => {
  const jobs = Array.from({ length: 16 }, (_, index) => lab.job({ command: ['sh', '-c', `sleep 0.2; exit ${index}`] }));
  await Promise.all(jobs.map((job) => lab.target.start(job)));
  await lab.untilTrue(jobs, () => jobs.every((job) => readExit(job.directory) !== undefined));
  assert.deepEqual(
    jobs.map((job) => readExit(job.directory)?.code),
    jobs.map((_, index) => index),
  );
  assert.equal(lab.hosts.host(server.place('box')).generation, 1);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
