import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { RunId } from '../../../src/domain/ids.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { client, host, restart } from './openWorker.ts';
import { eventually } from './testWorker.ts';

const waits = 'setInterval(() => {}, 1000); process.on("SIGINT", () => process.exit(3));';

test('jobs of one slot run one after the other, those of another slot beside them, and every exit code is told once', async () => {
  const ended: RunSummary[] = [];
  client.on('run.ended', ({ run }) => ended.push(run));
  const script = (code: number) =>
    `require('fs').appendFileSync('order', '<${code}'); setTimeout(() => { require('fs').appendFileSync('order', '${code}>'); process.exit(${code}) }, 60)`;
  const ids = await Promise.all([1, 2, 3].map((code) => host.launchScript(`job-${code}`, script(code))));
  const other = await host.launchScript('other', waits, { slot: 'cuda:0' });
  for (const [index, id] of ids.entries()) {
    const run = await host.until(client, id, 'failed');
    assert.match(run.statusReason, new RegExp(`exit code ${index + 1}`));
  }
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), '<11><22><33>');
  assert.equal((await host.until(client, other, 'starting', 'running')).endedAt, undefined);
  await eventually(() => ended.length >= 3);
  assert.deepEqual(ended.map(({ name }) => name).sort(), ['job-1', 'job-2', 'job-3']);
  await eventually(
    async () => (await client.call('queue.list', {})).jobs.filter(({ state }) => state === 'done').length === 3,
  );
  const { jobs } = await client.call('queue.list', {});
  assert.deepEqual(
    jobs.filter(({ state }) => state === 'done').map(({ exitCode }) => exitCode),
    [1, 2, 3],
  );
});

test('a held job waits until it is released, a moved one comes first, a cancelled one never starts', async () => {
  const first = await host.launchScript('first', waits);
  const second = await host.launchScript('second', 'process.exit(0)');
  const third = await host.launchScript('third', 'process.exit(0)');
  const held = await host.launchScript('held', 'process.exit(0)', { hold: true });
  assert.match((await client.call('runs.get', { runId: second })).statusReason, /In the queue: cpu is busy with first/);
  await client.call('queue.move', { jobId: host.jobId(third), before: host.jobId(second) });
  assert.deepEqual(
    (await client.call('queue.list', {})).jobs
      .filter(({ state }) => state === 'waiting')
      .sort((a, b) => a.order - b.order)
      .map(({ runName }) => runName),
    ['third', 'second'],
  );
  await client.call('queue.cancel', { jobId: host.jobId(second) });
  assert.equal((await client.call('runs.get', { runId: second })).status, 'stopped');
  await client.call('runs.stop', { runId: first });
  assert.match((await host.until(client, first, 'stopped')).statusReason, /Stopped on request/);
  await host.until(client, third, 'finished');
  assert.equal((await client.call('runs.get', { runId: held })).status, 'queued');
  await client.call('queue.hold', { jobId: host.jobId(held), held: false });
  await host.until(client, held, 'finished');
  assert.equal(existsSync(path.join(host.folder, 'runs', 'second', 'output.log')), false);
  await assert.rejects(client.call('queue.cancel', { jobId: host.jobId(held) }), { code: 'conflict' });
});

test('a stop is shown while it is under way, and a stubborn job is killed in the end', async () => {
  const runId = await host.launchScript(
    'stubborn',
    "for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => {}); console.log('ready'); setInterval(() => {}, 1000)",
  );
  await eventually(async () => (await client.call('log.read', { runId, from: 0, maxBytes: 100 })).text === 'ready\n');
  await client.call('runs.stop', { runId });
  assert.equal((await client.call('runs.get', { runId })).status, 'stopping');
  const run = await host.until(client, runId, 'stopped');
  assert.match(run.statusReason, /SIGKILL/);
  await assert.rejects(client.call('runs.stop', { runId }), { code: 'conflict' });
});

test('a new worker adopts the queue and the running jobs of the one before', async () => {
  const running = await host.launchScript('running', 'setTimeout(() => process.exit(5), 900)');
  const waiting = await host.launchScript('waiting', 'process.exit(0)');
  await host.until(client, running, 'starting', 'running');
  await client.call('runs.update', { runId: waiting, name: 'My run', labels: ['a', 'b'], note: 'Why not.' });
  await restart();
  assert.match((await host.until(client, running, 'failed')).statusReason, /exit code 5/);
  const run = await host.until(client, waiting, 'finished');
  assert.deepEqual([run.name, run.labels, run.note], ['My run', ['a', 'b'], 'Why not.']);
});

test('the index can be deleted: runs are read again', async () => {
  const runId = await host.launchScript('kept', 'process.exit(0)');
  await host.until(client, runId, 'finished');
  await restart(() => {
    for (const name of readdirSync(host.home)) if (name.startsWith('trainyard.db')) rmSync(path.join(host.home, name));
  });
  const { runs } = await client.call('folder.open', { folder: host.folder, trusted: true });
  assert.deepEqual(
    runs.map(({ id, name, status }) => [id, name, status]),
    [[runId, 'kept', 'finished']],
  );
});

test('asking twice with one request id launches once, from two windows at the same time too', async () => {
  const other = await host.connect();
  await other.call('folder.open', { folder: host.folder, trusted: true });
  const request = {
    requestId: 'the-same',
    folder: host.folder,
    recipe: 'classifier',
    overrides: ['data=/nowhere', 'steps=5'],
    device: 'cpu',
    hold: true,
  } as const;
  const [first, second] = await Promise.all([
    client.call('launch.start', request),
    other.call('launch.start', request),
  ]);
  const third = await client.call('launch.start', request);
  assert.equal(first.runId, second.runId);
  assert.equal(third.runId, first.runId);
  assert.equal(readdirSync(path.join(host.folder, 'runs')).length, 1);
  assert.equal((await client.call('queue.list', {})).jobs.length, 1);
});

test('two windows that launch the same name at once make one run; the other is told of a free name', async () => {
  const request = (requestId: string) =>
    ({
      requestId,
      folder: host.folder,
      recipe: 'classifier',
      overrides: ['data=/nowhere'],
      device: 'cpu',
      name: 'same',
      hold: true,
    }) as const;
  const answers = await Promise.allSettled([
    client.call('launch.start', request('one')),
    client.call('launch.start', request('two')),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = answers.find((answer) => answer.status === 'rejected')?.reason as {
    code: string;
    message: string;
    hint: string;
  };
  assert.equal(refused.code, 'conflict');
  assert.match(`${refused.message} ${refused.hint}`, /same-2/);
  assert.deepEqual(readdirSync(path.join(host.folder, 'runs')), ['same']);
});

test('the run directory is there with its record and configuration before anything starts', async () => {
  const config = host.write('configs/a.yaml', '# A small one\nrecipe: classifier\nname: other\nsteps: 7\ndata: data\n');
  const { runId, run } = await client.call('launch.start', {
    requestId: 'r',
    folder: host.folder,
    recipe: 'classifier',
    configFile: config,
    overrides: ['seed=3'],
    device: 'cpu',
    name: 'mine',
    labels: ['x'],
    hold: true,
  });
  assert.deepEqual([run.name, run.status, run.labels, run.root], ['mine', 'queued', ['x'], host.folder]);
  const record = JSON.parse(readFileSync(path.join(run.path, 'launch.json'), 'utf8'));
  assert.deepEqual(
    [record.id, record.recipe, record.configFile, record.overrides, record.dirty],
    [runId, 'classifier', config, ['seed=3'], false],
  );
  assert.deepEqual(record.command.slice(-2), ['train', path.join(run.path, 'config.yaml')]);
  const yaml = readFileSync(path.join(run.path, 'config.yaml'), 'utf8');
  for (const line of [
    'recipe: classifier',
    'name: mine',
    'seed: 3',
    'steps: 7',
    'device: cpu',
    `data: ${path.join(host.folder, 'data')}`,
  ])
    assert.ok(yaml.includes(`${line}\n`), line);
  assert.equal(statSync(path.join(run.path, 'launch.json')).mode & 0o077, 0);
  const { files } = await client.call('configs.list', { folder: host.folder, recipe: 'classifier' });
  assert.deepEqual(files, [{ path: config, recipe: 'classifier', title: 'A small one' }]);
  const again = await client.call('runs.launchRequest', { runId });
  assert.deepEqual(
    [again.recipe, again.configFile, again.overrides, again.name, again.folder],
    ['classifier', config, ['seed=3'], 'mine-2', host.folder],
  );
});

test('what is wrong with a launch is said all at once, and nothing is made', async () => {
  const preview = await client.call('launch.preview', {
    requestId: 'r',
    folder: host.folder,
    recipe: 'classifier',
    overrides: ['stepz=3', 'steps=many', 'nonsense'],
    device: 'cpu',
    name: 'a b',
    resumeFrom: '/no/such.safetensors',
  });
  const all = preview.problems.join('\n');
  for (const part of [
    'Did you mean steps?',
    'steps must be a whole number',
    '"nonsense" is no override',
    '"a b" is no run name',
    'There is no checkpoint /no/such.safetensors',
  ])
    assert.ok(all.includes(part), part);
  await assert.rejects(
    client.call('launch.start', {
      requestId: 'r',
      folder: host.folder,
      recipe: 'classifier',
      overrides: ['stepz=3'],
      device: 'cpu',
    }),
    { code: 'bad-config' },
  );
  await assert.rejects(
    client.call('launch.start', { requestId: 'q', folder: host.folder, recipe: 'nope', overrides: [], device: 'cpu' }),
    { code: 'not-found' },
  );
  assert.equal(existsSync(path.join(host.folder, 'runs')), false);
});

test('nothing is launched in a workspace that is not trusted; reading works', async () => {
  const careful = await host.connect();
  await careful.call('folder.open', { folder: host.folder, trusted: false });
  await assert.rejects(
    careful.call('launch.start', {
      requestId: 'r',
      folder: host.folder,
      recipe: 'classifier',
      overrides: ['data=/x'],
      device: 'cpu',
    }),
    { code: 'not-trusted' },
  );
  await assert.rejects(
    careful.call('launch.preview', {
      requestId: 'r',
      folder: host.folder,
      recipe: 'classifier',
      overrides: [],
      device: 'cpu',
    }),
    { code: 'not-trusted' },
  );
  assert.deepEqual((await careful.call('runs.list', { folder: host.folder })).runs, []);
});

test('a column that the data do not have is refused before anything is made, with the one that was meant', async () => {
  host.write('lab/iris.csv', Buffer.from('petal_length,species\n1.4,setosa\n4.7,versicolor\n'));
  const told = await client.call('data.columns', { folder: host.folder, path: 'lab/iris.csv', holds: 'table' });
  assert.deepEqual(told, {
    columns: [
      { name: 'petal_length', about: '1.4' },
      { name: 'species', about: 'setosa' },
    ],
    source: 'iris.csv',
    isAll: true,
  });
  const request = (...overrides: readonly string[]) => ({
    requestId: 'iris',
    folder: host.folder,
    recipe: 'tabular',
    overrides,
    device: 'cpu' as const,
    name: 'iris-1',
  });
  const problemsOf = async (...overrides: readonly string[]) =>
    (await client.call('launch.preview', request(...overrides))).problems;
  const wrong = ['data=lab/iris.csv', 'target=speceis', 'features=petal_length,petal_lenght'];
  assert.deepEqual(await problemsOf(...wrong), [
    'target: There is no "speceis" in iris.csv. Did you mean species?',
    'features: There is no "petal_lenght" in iris.csv. Did you mean petal_length?',
  ]);
  await assert.rejects(client.call('launch.start', request(...wrong)), /Did you mean species/);
  assert.equal(existsSync(path.join(host.folder, 'runs')), false);
  assert.deepEqual(await problemsOf('data=lab/iris.csv', 'target=species'), []);
  assert.deepEqual(await problemsOf('data=not/yet.csv', 'target=anything'), []);
  host.write('lab/questions.jsonl', Buffer.from('{"prompt":"why?","expert":2}\n'));
  const texts = await client.call('launch.preview', {
    ...request('data=lab/questions.jsonl', 'records.text=promt', 'records.label=expert', 'model=gpt.onnx'),
    recipe: 'text-classifier',
  });
  assert.deepEqual(texts.problems, ['records.text: There is no "promt" in questions.jsonl. Did you mean prompt?']);
});

test('a runs folder that cannot be made is said with what to do', async () => {
  writeFileSync(path.join(host.folder, 'runs'), 'a file in its place');
  await assert.rejects(
    client.call('launch.start', {
      requestId: 'r',
      folder: host.folder,
      recipe: 'classifier',
      overrides: ['data=/x'],
      device: 'cpu',
      hold: true,
    }),
    (error: { code: string; message: string; hint?: string }) => {
      assert.match(error.message, /cannot be made/);
      assert.match(error.hint ?? '', /./);
      return true;
    },
  );
});

test('a run that goes on names its parent and its checkpoint', async () => {
  await host.launchScript('occupant', waits);
  const parent = await client.call('launch.start', {
    requestId: 'p',
    folder: host.folder,
    recipe: 'classifier',
    overrides: ['data=/nowhere', 'steps=9'],
    device: 'cpu',
    name: 'parent',
    hold: true,
  });
  await assert.rejects(client.call('runs.resume', { runId: parent.runId, requestId: 'x' }), { code: 'not-found' });
  const checkpoint = host.write('runs/parent/checkpoints/last.safetensors', new Uint8Array(16));
  const child = await client.call('runs.resume', { runId: parent.runId, requestId: 'c', overrides: ['steps=20'] });
  assert.equal(child.run.resumedFrom, parent.runId);
  assert.equal(child.run.name, 'parent-2');
  const yaml = readFileSync(path.join(child.run.path, 'config.yaml'), 'utf8');
  for (const line of [`resume: ${checkpoint}`, 'steps: 20', 'data: /nowhere', 'name: parent-2'])
    assert.ok(yaml.includes(`${line}\n`), line);
  await client.call('queue.cancel', { jobId: host.jobId(child.runId as RunId) });
  await client.call('queue.cancel', { jobId: host.jobId(parent.runId) });
});
