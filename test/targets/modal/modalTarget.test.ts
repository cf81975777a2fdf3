import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../../../src/domain/ids.ts';
import type { ModalSettings } from '../../../src/domain/target.ts';
import { isSameProcessAlive } from '../../../src/launch/local/processIdentity.ts';
import { appIdIn, appStateIn } from '../../../src/launch/modal/appRun.ts';
import { FrameReader } from '../../../src/launch/modal/frames.ts';
import { readRunner } from '../../../src/launch/modal/modalNote.ts';
import { costLines, ModalTarget } from '../../../src/launch/modal/modalTarget.ts';
import { fetchModalFile, modalFiles } from '../../../src/launch/modal/volumeFiles.ts';
import { LocalExecutor } from '../../../src/launch/remote/localExecutor.ts';
import type { JobPlace, JobPresence } from '../../../src/launch/target.ts';

let root: string;
let repository: string;
let server: ChildProcess;
let target: ModalTarget;
const places: JobPlace[] = [];

beforeEach(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'modal-'));
  repository = path.join(root, 'repository');
  mkdirSync(repository);
  spawnSync('git', ['init', '-q', repository]);
  const program = path.join(import.meta.dirname, 'standInServer.mjs');
  server = spawn(process.execPath, [program, root], { stdio: ['ignore', 'inherit', 'inherit'] });
  const port = await portOf(root);
  target = new ModalTarget({
    runnerFile: path.join(import.meta.dirname, '../../../src/launch/modal/runnerMain.ts'),
    node: process.execPath,
    env: {
      MODAL_SERVER_URL: `http://127.0.0.1:${port}`,
      MODAL_TOKEN_ID: 'ak-test',
      MODAL_TOKEN_SECRET: 'as-test',
      HOME: root,
    },
    log: 2,
  });
});

afterEach(async () => {
  for (const place of places.splice(0)) {
    const runner = readRunner(place.directory);
    if (runner !== undefined && isSameProcessAlive(runner)) process.kill(runner.pid, 'SIGKILL');
  }
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
  rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

async function portOf(folder: string): Promise<number> {
  const file = path.join(folder, 'port');
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
  return Number(readFileSync(file, 'utf8'));
}

function job(name: string, command: readonly string[], settings: Partial<ModalSettings> = {}): JobPlace {
  const directory = path.join(root, 'runs', name);
  mkdirSync(directory, { recursive: true });
  const modal: ModalSettings = { kind: 'modal', mode: 'sandbox', gpu: 'H100', timeoutMinutes: 90, ...settings };
  const record = {
    id: name,
    name,
    createdAt: 1,
    cwd: repository,
    command,
    env: { LEARNING: 'rate' },
    commandLaunch: { target: { name: 'modal', settings: modal } },
  };
  writeFileSync(path.join(directory, 'launch.json'), JSON.stringify(record));
  const place = { runId: name as RunId, directory };
  places.push(place);
  return place;
}

async function until(place: JobPlace, ...kinds: JobPresence['kind'][]): Promise<JobPresence> {
  for (;;) {
    target.watch([place]);
    const presence = target.inspect(place);
    if (kinds.includes(presence.kind)) return presence;
    await delay(30);
  }
}

const created = () =>
  readFileSync(path.join(root, 'created.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; gpu: string; timeout: number });

const read = (place: JobPlace, file: string) => readFileSync(path.join(place.directory, file), 'utf8');

test('the code goes to a sandbox, the command runs there with its arguments unchanged, and all that it writes comes back', async () => {
  writeFileSync(
    path.join(repository, 'train.py'),
    `import json, os, sys
print(json.dumps(sys.argv[1:]), os.environ["LEARNING"], os.environ["TRAINYARD_RUN_ID"], flush=True)
with open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "metrics.csv"), "w") as file:
    file.write("step,loss\\n1,0.5\\n")
os.makedirs("outputs", exist_ok=True)
open("outputs/result.json", "w").write("{}")
open("outputs/last.ckpt", "wb").write(b"x" * 1000)
sys.exit(7)
`,
  );
  writeFileSync(path.join(repository, '.gitignore'), 'data\n');
  writeFileSync(path.join(repository, 'data'), 'not sent');
  const nasty = ['$(touch pwned)', '"two words"', "it's", 'ä\n漢', ''];
  const place = job('run-1', ['python3', 'train.py', ...nasty]);
  await Promise.all([target.start(place), target.start(place)]);
  const end = await until(place, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 7);
  const [argv, ...words] = read(place, 'output.log').trim().split('] ');
  assert.deepEqual(JSON.parse(`${argv}]`), nasty);
  assert.deepEqual(words, ['rate run-1']);
  assert.equal(read(place, 'metrics.csv'), 'step,loss\n1,0.5\n');
  assert.equal(read(place, 'files/outputs/result.json'), '{}');
  const files = JSON.parse(read(place, 'remote-files.json')) as [string, number][];
  assert.deepEqual(files.find(([name]) => name === 'files/outputs/last.ckpt')?.slice(0, 2), [
    'files/outputs/last.ckpt',
    1000,
  ]);
  assert.equal(existsSync(path.join(place.directory, 'files', 'data')), false);
  assert.deepEqual(
    created().map(({ name, gpu, timeout }) => [name, gpu, timeout]),
    [['run-1', 'H100', 5400]],
  );
});

test('a follower that is killed is followed by another one; the sandbox is the same, and nothing is missing', async () => {
  const script = `import time
for step in range(40):
    print("step", step, flush=True)
    time.sleep(0.05)`;
  const place = job('run-1', ['python3', '-c', script]);
  await target.start(place);
  await until(place, 'running');
  process.kill(readRunner(place.directory)!.pid, 'SIGKILL');
  await delay(100);
  assert.match(JSON.stringify(target.inspect(place)), /Nobody follows it at the moment/);
  await target.start(place);
  const end = await until(place, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 0);
  assert.equal(read(place, 'output.log'), Array.from({ length: 40 }, (_, step) => `step ${step}\n`).join(''));
  assert.equal(created().length, 1);
});

test('a stop lets the program end by itself', async () => {
  const script = `import time, sys
try:
    while True: time.sleep(0.05)
except KeyboardInterrupt:
    print("kept a checkpoint", flush=True)
    sys.exit(3)`;
  const place = job('run-1', ['python3', '-c', script]);
  await target.start(place);
  await until(place, 'running');
  await delay(500);
  target.stop(place, { force: false });
  const end = await until(place, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 3);
  assert.equal(read(place, 'output.log'), 'kept a checkpoint\n');
});

test('a job that is killed, and one whose program is not there, say so', async () => {
  const place = job('run-1', ['sleep', '1000']);
  await target.start(place);
  await until(place, 'running');
  target.stop(place, { force: true });
  assert.match(JSON.stringify(await until(place, 'ended')), /Modal ended the sandbox: it was terminated/);
  const missing = job('run-2', ['no-such-program']);
  await target.start(missing);
  const end = await until(missing, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 127);
  assert.match(read(missing, 'output.log'), /no-such-program/);
});

test('a runner that died between asking and noting does not ask again', async () => {
  const place = job('run-1', ['true']);
  writeFileSync(path.join(place.directory, 'modal.json'), JSON.stringify({ format: 1, askedAt: 1 }));
  await target.start(place);
  assert.match(JSON.stringify(await until(place, 'ended')), /nobody noted whether it came/);
  assert.equal(existsSync(path.join(root, 'created.jsonl')), false);
});

test('what is wrong at Modal is said with the way out', async () => {
  const place = job('run-1', ['true']);
  const broken = new ModalTarget({
    runnerFile: path.join(import.meta.dirname, '../../../src/launch/modal/runnerMain.ts'),
    node: process.execPath,
    env: { MODAL_TOKEN_ID: '', MODAL_TOKEN_SECRET: '', MODAL_CONFIG_PATH: path.join(root, 'none.toml'), HOME: root },
    log: 2,
  });
  await broken.start(place);
  assert.match(JSON.stringify(await until(place, 'ended')), /modal setup/);
});

test('the repository’s own app runs by the modal program; its id is kept, and a detached one is watched', async () => {
  const program = path.join(root, 'modal-stand-in.mjs');
  writeFileSync(
    program,
    `import { existsSync } from 'node:fs';
const [verb, sub] = process.argv.slice(2);
if (verb === 'run') { console.log('View run at https://modal.com/apps/me/main/ap-Ab12Cd34'); setTimeout(() => process.exit(4), 400); }
else if (sub === 'list') console.log(JSON.stringify([{ 'App ID': 'ap-Ab12Cd34', State: 'stopped' }]));
else if (sub === 'logs') console.log('epoch 9');`,
  );
  const modal = [process.execPath, program];
  const place = job('run-1', [...modal, 'run', '--detach', 'app.py'], { mode: 'app', program: modal });
  await target.start(place);
  const end = await until(place, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 4);
  assert.match(read(place, 'output.log'), /View run at/);
  assert.match(read(place, 'modal.json'), /ap-Ab12Cd34/);
  const left = job('run-2', [...modal, 'run'], { mode: 'app', program: modal });
  writeFileSync(
    path.join(left.directory, 'modal.json'),
    JSON.stringify({ format: 1, askedAt: 1, appId: 'ap-Ab12Cd34' }),
  );
  await target.start(left);
  assert.match(JSON.stringify(await until(left, 'ended')), /has stopped while nobody followed it/);
  assert.match(read(left, 'output.log'), /epoch 9/);
});

test('a checkpoint that stayed on the volume is listed and fetched; one of the sandbox’s own disk is told as gone', async () => {
  const program = path.join(root, 'modal-stand-in.mjs');
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs';
const [volume, get, force, name, source, target] = process.argv.slice(2);
if (\`\${volume} \${get} \${force} \${name} \${source}\` !== 'volume get --force weights runs/run-1/last.ckpt') process.exit(1);
writeFileSync(target, 'weights');`,
  );
  const place = job('run-1', ['true'], { volume: 'weights', program: [process.execPath, program] });
  const listed = [['last.ckpt', 7, 20], ['files/outputs/best.ckpt', 7, 10], ['../outside', 1, 1], 'nonsense'];
  writeFileSync(path.join(place.directory, 'remote-files.json'), JSON.stringify(listed));
  const names = () => modalFiles(place).map((file) => [file.path, file.here]);
  assert.deepEqual(names(), [
    ['last.ckpt', false],
    ['files/outputs/best.ckpt', false],
  ]);
  const executor = new LocalExecutor();
  assert.equal(readFileSync(await fetchModalFile(place, 'last.ckpt', executor), 'utf8'), 'weights');
  assert.deepEqual(names()[0], ['last.ckpt', true]);
  await assert.rejects(fetchModalFile(place, 'files/outputs/best.ckpt', executor), { code: 'not-found' });
  await assert.rejects(fetchModalFile(place, '../outside', executor), { code: 'not-found' });
});

test('lines of the agent are applied in pieces of any size, twice too, and never outside the run', () => {
  const directory = path.join(root, 'frames');
  mkdirSync(directory);
  const bytes = (text: string) => Buffer.from(text).toString('base64');
  const lines = [
    { f: 'a/log.txt', o: 0, d: bytes('one ') },
    { f: 'a/log.txt', o: 4, d: bytes('two') },
    { f: '../outside', o: 0, d: bytes('x') },
    { f: 'launch.json', o: 0, d: bytes('x') },
    { f: '/etc/trainyard-test', o: 0, d: bytes('x') },
    { exit: 0, signal: null },
  ].map((line) => `${JSON.stringify(line)}\n`);
  const text = `Traceback of Modal\n${lines.join('')}${lines.join('')}`;
  for (const size of [1, 7, text.length]) {
    const frames = new FrameReader(directory);
    for (let at = 0; at < text.length; at += size) frames.take(text.slice(at, at + size));
    assert.deepEqual(frames.end, { code: 0, signal: null });
    assert.deepEqual(frames.strange, ['Traceback of Modal']);
    assert.equal(readFileSync(path.join(directory, 'a', 'log.txt'), 'utf8'), 'one two');
  }
  assert.equal(existsSync(path.join(root, 'outside')) || existsSync(path.join(directory, 'launch.json')), false);
  assert.equal(existsSync('/etc/trainyard-test'), false);
});

test('ids, states and costs are read and said', () => {
  assert.equal(appIdIn('✓ Initialized. View run at https://modal.com/apps/x/main/ap-0aB1cD2eF3'), 'ap-0aB1cD2eF3');
  assert.equal(appIdIn('no id'), undefined);
  assert.equal(appStateIn('[{"app_id":"ap-1","state":"ephemeral (detached)"}]', 'ap-1'), 'ephemeral (detached)');
  assert.equal(appStateIn('[]', 'ap-1'), '');
  assert.equal(appStateIn('error', 'ap-1'), undefined);
  assert.deepEqual(
    costLines({ kind: 'modal', mode: 'sandbox', gpu: 'H100', pricePerHour: 3.95, timeoutMinutes: 120 }),
    ['H100 at $3.95 an hour, for at most 2 h: at most $7.90.'],
  );
});
