import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { ShimState } from '../../../src/domain/runDirectory.ts';
import { readElsewhere } from '../../../src/launch/elsewhere.ts';
import { readJson } from '../../../src/launch/files.ts';
import { readExit } from '../../../src/launch/local/jobFiles.ts';
import { identifyProcess, isSameProcessAlive } from '../../../src/launch/local/processIdentity.ts';
import { Lab } from './jobs.ts';
import { missingServer, SshServer } from './sshServer.ts';

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
afterEach(() => lab?.end());

const python = (script: string, ...args: string[]) => ['python3', '-c', script, ...args];
const polite = [
  'import signal,sys,time',
  'def end(*_): print("saved", flush=True); sys.exit(5)',
  'signal.signal(signal.SIGINT, end)',
  'for i in range(100000): print("step", i, flush=True); time.sleep(0.05)',
].join('\n');
const stubborn =
  'import signal,time\nfor s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, lambda n, f: print("heard", n, flush=True))\nprint("ready", flush=True)\nwhile True: time.sleep(0.05)';

test('a job runs over there in its own copy of the code; log, metrics and end come here', { skip }, async () => {
  lab.write('package/größe.txt', 'tracked');
  const commit = lab.commit();
  lab.write('train.py', 'print("changed, not committed")\n');
  const patch = `${lab.git('diff', 'HEAD', '--binary')}\n`;
  const script = [
    'import os,sys,json',
    'exec(open("train.py").read())',
    'print(open("package/größe.txt").read(), open("new.py").read(), os.environ["WORD"], os.environ["TRAINYARD_RUN_ID"])',
    'os.makedirs("logs/csv")',
    'open("logs/csv/metrics.csv", "w").write("step,loss\\n1,0.5\\n")',
    'open(os.environ["TRAINYARD_RUN_DIR"] + "/events.out.tfevents.1.box", "wb").write(bytes(range(256)))',
    'open("logs/model.ckpt", "wb").write(b"w" * 1000)',
    'sys.exit(7)',
  ].join('\n');
  const job = lab.job(
    { command: python(script), env: { WORD: "it's" }, record: { commit, patchFile: 'changes.patch', dirty: true } },
    { 'changes.patch': patch, 'snapshot/untracked/new.py': 'untracked' },
  );
  assert.equal(lab.target.inspect(job).kind, 'unclaimed');
  await lab.target.start(job);
  const end = await lab.until(job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 7);
  assert.equal(lab.read(job, 'output.log'), `changed, not committed\ntracked untracked it's ${job.runId}\n`);
  assert.equal(lab.read(job, 'work/logs/csv/metrics.csv'), 'step,loss\n1,0.5\n');
  assert.deepEqual([...readFileSync(path.join(job.directory, 'events.out.tfevents.1.box'))], [...Array(256).keys()]);
  // Weights are named and fetched when somebody wants them; code that did not change stays there.
  assert.equal(existsSync(path.join(job.directory, 'work/logs/model.ckpt')), false);
  assert.equal(existsSync(path.join(job.directory, 'work/package')), false);
  assert.deepEqual(
    lab.target.files(job).map(({ path: file, sizeBytes, here }) => [file, sizeBytes, here]),
    [['work/logs/model.ckpt', 1000, false]],
  );
  const fetched = await lab.target.fetch(job, 'work/logs/model.ckpt');
  assert.equal(readFileSync(fetched, 'utf8'), 'w'.repeat(1000));
  assert.equal(lab.target.files(job)[0]!.here, true);
  assert.equal(readElsewhere(job.directory)?.state, 'running');
  // The working tree and the repository's objects are as they were.
  assert.equal(lab.git('status', '--porcelain', '--untracked-files=no'), 'M train.py'.padStart(10).trim());
});

test('the same run asked for many times, by two workers, starts once; the next one of the same code sends nothing', {
  skip,
}, async () => {
  const script = 'import os; open(os.environ["TRAINYARD_RUN_DIR"] + "/starts.txt", "a").write("x")';
  const job = lab.job({ command: python(script) });
  const other = new Lab(server);
  try {
    await Promise.all([lab.target.start(job), lab.target.start(job), other.target.start(job)]);
    await lab.until(job, 'ended');
    lab.restart();
    await lab.target.start(job);
    assert.equal(lab.read(job, 'starts.txt'), 'x');
    const objects = readdirSync(path.join(lab.base, 'objects'));
    const next = lab.job({ command: python(script) });
    await lab.target.start(next);
    await lab.until(next, 'ended');
    assert.deepEqual(readdirSync(path.join(lab.base, 'objects')), objects);
    assert.equal(readdirSync(path.join(lab.base, 'code')).length, 1);
  } finally {
    other.end();
  }
});

test('arguments arrive unchanged, and paths of this machine are those of the other one', { skip }, async () => {
  const odd = ["it's", '"', '$(id) `id` $HOME', 'a\nb', '', '-x', '~', 'ü日🚂', '\\', '*', 'lr=0.1,0.2'];
  const script =
    'import json,os,sys; print(json.dumps([os.fsencode(a).decode("utf-8") for a in sys.argv[1:]] + [os.getcwd()]))';
  mkdirSync(path.join(lab.repository, 'sub'));
  lab.write('sub/x', '');
  const commit = lab.commit();
  const job = lab.job({
    command: python(script, ...odd, `dir=${lab.repository}/data`, `${lab.repository}2/other`),
    record: { cwd: path.join(lab.repository, 'sub'), commit },
  });
  await lab.target.start(job);
  await lab.until(job, 'ended');
  const work = lab.there(job, 'work');
  assert.deepEqual(JSON.parse(lab.read(job, 'output.log')), [
    ...odd,
    `dir=${work}/data`,
    `${lab.repository}2/other`,
    `${work}/sub`,
  ]);
});

test('a connection that is killed in the middle loses nothing', { skip }, async () => {
  const job = lab.job({ command: python(polite) });
  await lab.target.start(job);
  await lab.untilTrue([job], () => lab.read(job, 'output.log').includes('step 5'));
  const pid = childOf(job)!.pid;
  server.killConnections();
  const before = lab.read(job, 'output.log').length;
  await lab.untilTrue([job], () => lab.read(job, 'output.log').length > before + 60);
  assert.equal(lab.target.inspect(job).kind, 'running');
  assert.equal(childOf(job)!.pid, pid);
  lab.target.stop(job, { force: false });
  const end = await lab.until(job, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 5);
  const steps = [...lab.read(job, 'output.log').matchAll(/step (\d+)/g)].map((match) => Number(match[1]));
  assert.ok(steps.every((step, index) => step === index));
  assert.match(lab.read(job, 'output.log'), /saved\n$/);
  assert.equal(readExit(job.directory)?.stopRequested, true);
});

test('a host that goes down is no end: the stop waits for it, and so does a new job', { skip }, async () => {
  const job = lab.job({ command: python(polite) });
  const late = lab.job({ command: python('print("late")') });
  await lab.target.start(job);
  await lab.untilTrue([job], () => lab.read(job, 'output.log').includes('step 3'));
  await server.goDown();
  await lab.untilTrue([job], () => readElsewhere(job.directory)?.detail.includes('No answer') === true);
  const silent = lab.target.inspect(job);
  assert.ok(silent.kind === 'running' && /No answer from box since .*goes on there/.test(silent.detail));
  lab.target.stop(job, { force: false });
  await lab.target.start(late);
  const waiting = lab.target.inspect(late);
  assert.ok(waiting.kind === 'queued' && /box does not answer/.test(waiting.detail), JSON.stringify(waiting));
  // Another worker takes over while the host is still away.
  lab.restart();
  assert.equal(lab.target.inspect(job).kind, 'running');
  assert.equal(lab.target.inspect(late).kind, 'queued');
  await server.listen();
  await lab.untilTrue(
    [job, late],
    () => readExit(job.directory) !== undefined && readExit(late.directory) !== undefined,
  );
  assert.equal(readExit(job.directory)?.code, 5);
  assert.equal(lab.read(late, 'output.log'), 'late\n');
});

test('a job that does not listen hears SIGINT, then SIGTERM, and is killed with its children at last', {
  skip,
}, async () => {
  const apart = 'print("pid", subprocess.Popen(["sleep", "1000"], start_new_session=True).pid)';
  const script = `import subprocess\nsubprocess.Popen(["sleep", "1000"])\n${apart}\n${stubborn}`;
  const job = lab.job({ command: python(script) });
  await lab.target.start(job);
  await lab.untilTrue([job], () => lab.read(job, 'output.log').includes('ready'));
  lab.target.stop(job, { force: false });
  const end = await lab.until(job, 'ended');
  assert.equal(end.kind === 'ended' && end.signal, 'SIGKILL');
  const log = lab.read(job, 'output.log');
  assert.equal(log.replace(/^pid \d+\n/, ''), 'ready\nheard 2\nheard 15\n');
  const pid = Number(/^pid (\d+)/.exec(log)?.[1]);
  await lab.untilTrue([job], () => identifyProcess(pid) === undefined);
});

test('when the shim is killed the job is still watched, can be stopped, and is then said to be lost', {
  skip,
}, async () => {
  const job = lab.job({ command: python(stubborn) });
  await lab.target.start(job);
  await lab.untilTrue([job], () => lab.read(job, 'output.log').includes('ready'));
  const shim = readJson<ShimState>(lab.there(job, 'state.json'))!.shim;
  process.kill(shim.pid, 'SIGKILL');
  await lab.untilTrue([job], () => !isSameProcessAlive(shim));
  await lab.until(job, 'running');
  lab.target.stop(job, { force: false });
  const lost = await lab.until(job, 'lost');
  assert.match(lost.kind === 'lost' ? lost.detail : '', /gone from box.*shim was killed/);
  assert.equal(lab.read(job, 'output.log'), 'ready\nheard 2\nheard 15\n');
  lab.restart();
  assert.equal(lab.target.inspect(job).kind, 'lost');
});

test('a job that is stopped before it was sent does not start', { skip }, async () => {
  const job = lab.job({ command: python('open("ran", "w")') });
  lab.target.stop(job, { force: false });
  await lab.target.start(job);
  const end = await lab.until(job, 'ended');
  assert.ok(end.kind === 'ended' && end.exitCode === 130);
  assert.equal(existsSync(lab.there(job)), false);
});

test('what cannot start ends with the reason', { skip }, async () => {
  const missing = lab.job({ command: ['/no/such/program'] });
  const nowhere = lab.job({ command: ['true'], settings: { code: 'none', workdir: '/no/such/folder' } });
  const noCommit = lab.job({ command: ['true'], record: { commit: '0'.repeat(40) } });
  const stranger = lab.job({ command: ['true'], settings: { host: 'stranger' } });
  for (const job of [missing, nowhere, noCommit, stranger]) await lab.target.start(job);
  const says = async (job: typeof missing) => {
    const end = await lab.until(job, 'ended');
    return end.kind === 'ended' ? `${end.exitCode} ${end.detail}` : '';
  };
  assert.match(await says(missing), /^127 The command could not be started.*No such file/);
  assert.match(await says(nowhere), /^127 .*no folder \/no\/such\/folder/);
  assert.match(await says(noCommit), /^127 The code of the launch cannot be put together/);
  assert.match(await says(stranger), /^127 stranger refused the login/);
});

test('files that are written anew come whole, and files of this side are never written over', { skip }, async () => {
  const script = [
    'import os,time',
    'd = os.environ["TRAINYARD_RUN_DIR"]',
    'def put(name, text):',
    '  open(d + "/" + name + ".new", "w").write(text); os.rename(d + "/" + name + ".new", d + "/" + name)',
    'put("metrics.csv", "step,loss\\n1,1\\n"); put("state-of-it.json", "{\\"a\\": 1}"); put("launch.json", "{}")',
    'time.sleep(1.5)',
    // The same inode, longer, with another beginning: what Lightning's CSV logger does when a column is added.
    'open(d + "/metrics.csv", "r+").write("step,loss,accuracy\\n1,1,0\\n2,1,0\\n"); put("state-of-it.json", "{\\"a\\": 2}")',
    'time.sleep(1)',
  ].join('\n');
  const job = lab.job({ command: python(script) });
  const launch = lab.read(job, 'launch.json');
  await lab.target.start(job);
  await lab.untilTrue([job], () => lab.read(job, 'metrics.csv') === 'step,loss\n1,1\n');
  await lab.until(job, 'ended');
  assert.equal(lab.read(job, 'metrics.csv'), 'step,loss,accuracy\n1,1,0\n2,1,0\n');
  assert.equal(lab.read(job, 'state-of-it.json'), '{"a": 2}');
  assert.equal(lab.read(job, 'launch.json'), launch);
});

test('a checkpoint that is here is sent, one that is there is named', { skip }, async () => {
  const first = lab.job({ command: python('open("model.ckpt", "w").write("weights")') });
  await lab.target.start(first);
  await lab.until(first, 'ended');
  const there = path.join(first.directory, 'work/model.ckpt');
  const show = 'import sys; p = sys.argv[1].split("=")[1]; print(p); print(open(p).read())';
  const again = lab.job({ command: python(show, `ckpt_path=${there}`), checkpoint: there });
  const own = path.join(lab.folder, 'own.ckpt');
  writeFileSync(own, 'x'.repeat(6_000_000));
  const sent = lab.job({ command: python(show, `ckpt_path=${own}`), checkpoint: own });
  await lab.target.start(again);
  await lab.target.start(sent);
  await lab.until(again, 'ended');
  await lab.until(sent, 'ended');
  assert.equal(lab.read(again, 'output.log'), `${lab.there(first, 'work/model.ckpt')}\nweights\n`);
  assert.equal(lab.read(sent, 'output.log'), `${lab.there(sent, 'inputs/own.ckpt')}\n${'x'.repeat(6_000_000)}\n`);
});

test('the working tree is sent as it is with "tar", and "none" runs where the code is', { skip }, async () => {
  lab.write('.gitignore', 'data/\n');
  lab.write('data/large', 'ignored');
  lab.write('untracked.py', 'print("untracked")');
  const show = 'import os; print(sorted(os.listdir(".")))';
  const tar = lab.job({ command: python(show), settings: { code: 'tar' } });
  await lab.target.start(tar);
  await lab.until(tar, 'ended');
  assert.equal(lab.read(tar, 'output.log'), "['.gitignore', 'train.py', 'untracked.py']\n");
  const workdir = path.join(lab.folder, 'shared');
  mkdirSync(workdir);
  writeFileSync(path.join(workdir, 'old.csv'), 'from before');
  utimesSync(path.join(workdir, 'old.csv'), 1_000_000_000, 1_000_000_000);
  const script = 'import os; print(os.getcwd()); open("new.csv", "w").write("a,b\\n")';
  const none = lab.job({ command: python(script), settings: { code: 'none', workdir } });
  await lab.target.start(none);
  await lab.until(none, 'ended');
  assert.equal(lab.read(none, 'output.log'), `${workdir}\n`);
  assert.equal(lab.read(none, 'work/new.csv'), 'a,b\n');
  assert.equal(existsSync(path.join(none.directory, 'work/old.csv')), false);
});

test('everything over there is private', { skip }, async () => {
  const job = lab.job({ command: python('open("out.txt", "w")') });
  await lab.target.start(job);
  await lab.until(job, 'ended');
  for (const name of ['', 'command.json', 'claim.json', 'exit.json', 'output.log', 'work/train.py'])
    assert.equal(statSync(lab.there(job, name)).mode & 0o077, 0, name);
  // The job itself writes with the mask that the login has.
  assert.equal(statSync(lab.there(job, 'work/out.txt')).mode & 0o777, 0o666 & ~process.umask());
});

function childOf(job: { runId: string }): { pid: number } | undefined {
  return readJson<ShimState>(path.join(lab.base, 'runs', job.runId, 'state.json'))?.child;
}
