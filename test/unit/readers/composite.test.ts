import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type FoundRun, placeKey, type RunPart } from '../../../src/domain/records.ts';
import { CompositeReader } from '../../../src/readers/composite/compositeReader.ts';
import { strongest } from '../../../src/readers/composite/evidence.ts';
import { mergeFacts } from '../../../src/readers/composite/mergeFacts.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { scalarV1, version } from './support/events.ts';
import { PlainLogReader } from './support/plainLog.ts';
import { exit, history, logBytes, runRecord } from './support/wandbLog.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'composite-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const why = 'A test says so.';
const line = (tag: string, step: number, value: number) => `${tag} ${step} ${value}\n`;
const lines = (tag: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => line(tag, from + index, (from + index) / 3)).join('');

function log(name: string, content: string): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'log.txt'), content);
  return folder;
}

function eventLog(name: string, count: number, tag = 'loss'): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  const points = Array.from({ length: count }, (_, step) => scalarV1(1000 + step, step, tag, step / 3));
  writeFileSync(path.join(folder, 'events.out.tfevents.1700000000.host'), Buffer.concat([version(), ...points]));
  return folder;
}

function composite(
  lead: Omit<FoundRun, 'root' | 'name'>,
  ...parts: RunPart[]
): { run: FoundRun; open: () => CompositeReader } {
  const run: FoundRun = { ...lead, root, name: 'r', parts };
  const open = () =>
    new CompositeReader(run, (place) => (place.source === 'tensorboard' ? openRun(place) : new PlainLogReader(place)));
  return { run, open };
}

async function read(reader: CompositeReader, maxBytes = 1 << 20): Promise<Gatherer> {
  const gatherer = new Gatherer();
  await pollAll(reader, gatherer, undefined, maxBytes).finally(() => reader.dispose());
  return gatherer;
}

test('of two logs with a tag, the one that keeps float64 has its bare name, and the other one stays reachable', async () => {
  const wandb = log('w', lines('loss', 5) + lines('only/here', 2));
  const { open } = composite({ source: 'tensorboard', path: eventLog('t', 5) }, { source: 'wandb', path: wandb, why });
  const { rows } = await read(open());
  assert.deepEqual(Object.keys(rows.scalars).sort(), ['loss', 'only/here', 'tensorboard/loss']);
  assert.equal(rows.scalars['loss']?.values[1], 1 / 3);
  assert.equal(rows.scalars['tensorboard/loss']?.values[1], Math.fround(1 / 3));
  assert.deepEqual(
    rows.facts.sources?.map(({ source, why: reason, tags }) => [source, reason, tags]),
    [
      ['tensorboard', "It is the run's own place.", 0],
      ['wandb', why, 2],
    ],
  );
});

test('the log with more values has the bare name, also where that is only known after many polls', async () => {
  const short = Array.from({ length: 40 }, (_, step) => line('loss', step, 1)).join('');
  const many = log('c', lines('loss', 300));
  const { open } = composite({ source: 'wandb', path: log('w', short) }, { source: 'csv', path: many, why });
  const atOnce = await read(open());
  assert.equal(atOnce.rows.scalars['loss']?.values.length, 300);
  assert.equal(atOnce.rows.scalars['wandb/loss']?.values.length, 40);
  const inPieces = await read(open(), 200);
  assert.equal(inPieces.resets, 1, 'the guess of the first poll was wrong');
  assert.deepEqual(inPieces.rows.scalars, atOnce.rows.scalars);
});

test('while a run is at work its tags stay where they are; when it has ended the best log has them', async () => {
  const wandb = log('w', `{"status":"running"}\n${lines('loss', 10)}`);
  const events = eventLog('t', 10);
  const { open } = composite({ source: 'wandb', path: wandb }, { source: 'tensorboard', path: events, why });
  const reader = open();
  const gatherer = new Gatherer();
  let cursor = await pollAll(reader, gatherer);
  const more = Array.from({ length: 30 }, (_, step) => scalarV1(1010 + step, 10 + step, 'loss', step));
  appendFileSync(path.join(events, 'events.out.tfevents.1700000000.host'), Buffer.concat(more));
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']?.values.length], [0, 10]);
  appendFileSync(path.join(wandb, 'log.txt'), '{"status":"finished","statusReason":"exit code 0"}\n');
  // Another reader goes on from the kept cursor, as after a restart.
  await pollAll(open(), gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']?.values.length], [1, 40]);
  assert.equal(gatherer.rows.scalars['wandb/loss']?.values.length, 10);
  assert.equal(gatherer.rows.facts.status, 'finished');
  reader.dispose();
});

test('places that continue one another are one series in order, however small the pieces, and figures of the machine are counted on', async () => {
  const first = log('1', lines('loss', 50) + lines('!gpu', 3));
  const second = log('2', lines('loss', 20, 40) + lines('!gpu', 2));
  const { open } = composite({ source: 'wandb', path: first }, { source: 'wandb', path: second, why, continues: true });
  for (const size of [1 << 20, 64, 200]) {
    const { rows, resets } = await read(open(), size);
    const steps = [
      ...Array.from({ length: 50 }, (_, step) => step),
      ...Array.from({ length: 20 }, (_, step) => 40 + step),
    ];
    assert.deepEqual([resets, rows.scalars['loss']?.steps], [0, steps]);
    assert.deepEqual(rows.scalars['!gpu']?.steps, [0, 1, 2, 3, 4]);
    assert.deepEqual(rows.facts.restarts, [{ step: 40, wallTime: 40 }]);
  }
});

test('a place that starts anew makes the run start anew, and one that is gone for now is passed over', async () => {
  const one = log('1', lines('a', 5));
  const two = log('2', lines('b', 5));
  const { open } = composite({ source: 'wandb', path: one }, { source: 'csv', path: two, why });
  const reader = open();
  const gatherer = new Gatherer();
  let cursor = await pollAll(reader, gatherer);
  writeFileSync(path.join(two, 'log.txt'), lines('b', 2));
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual(
    [gatherer.resets, gatherer.rows.scalars['a']?.steps.length, gatherer.rows.scalars['b']?.steps],
    [1, 5, [0, 1]],
  );
  rmSync(two, { recursive: true });
  appendFileSync(path.join(one, 'log.txt'), line('a', 5, 1));
  cursor = await pollAll(reader, gatherer, cursor);
  assert.equal(gatherer.rows.scalars['a']?.steps.length, 6);
  rmSync(one, { recursive: true });
  await assert.rejects(reader.poll(cursor, { maxBytes: 100 }), /There is no/);
  reader.dispose();
});

test('a cursor of another make, or of other parts, means that everything is read anew', async () => {
  const one = log('1', lines('a', 5));
  const two = log('2', lines('b', 5));
  const { open } = composite({ source: 'wandb', path: one }, { source: 'csv', path: two, why });
  for (const cursor of [
    5,
    { composite: 1, places: { gone: { cursor: 1, facts: {} } }, tags: { owners: {}, counts: {} } },
  ]) {
    const poll = await open().poll(cursor, { maxBytes: 1 << 20 });
    assert.deepEqual([poll.reset, poll.scalars.map(({ tag }) => tag)], [true, ['a', 'b']]);
  }
});

test('problems and pictures name the place that they lie in', async () => {
  const one = log('1', lines('a', 1));
  const two = log('2', 'bad 1 2\n');
  const { open } = composite({ source: 'wandb', path: one }, { source: 'csv', path: two, why });
  const { problems } = await read(open());
  assert.deepEqual(
    problems.map(({ file }) => file),
    [path.join(two, 'log.txt')],
  );
});

test('the configuration comes from who kept the whole of it, also when another place tells its own later', async () => {
  const hydra = log('h', '{"config":{"model":{"size":3}}}\n');
  const wandb = log('w', lines('loss', 1));
  const { open } = composite({ source: 'hydra', path: hydra }, { source: 'wandb', path: wandb, why });
  const gatherer = new Gatherer();
  const cursor = await pollAll(open(), gatherer);
  appendFileSync(path.join(wandb, 'log.txt'), '{"config":{"size":3},"name":"bold-cat","host":"n1"}\n');
  await pollAll(open(), gatherer, cursor);
  const { config, name, host } = gatherer.rows.facts;
  assert.deepEqual({ config, name, host }, { config: { model: { size: 3 } }, name: 'bold-cat', host: 'n1' });
});

test('the strongest evidence tells the status: exit record, exit code, SLURM, traceback, heartbeat, last write', () => {
  const word = (
    source: FoundRun['source'],
    status: 'finished' | 'failed' | 'killed' | 'lost' | 'running' | 'unknown',
    statusEvidence?: 'exit-code' | 'heartbeat',
  ) => ({
    source,
    facts: { status, ...(statusEvidence === undefined ? {} : { statusEvidence }) },
  });
  const believed = (...words: ReturnType<typeof word>[]) => strongest(words)?.source;
  assert.equal(believed(word('tensorboard', 'lost'), word('wandb', 'failed')), 'wandb');
  assert.equal(believed(word('slurm', 'killed'), word('csv', 'failed', 'exit-code')), 'csv');
  assert.equal(believed(word('hydra', 'failed'), word('slurm', 'killed')), 'slurm');
  assert.equal(believed(word('trackio', 'running', 'heartbeat'), word('hydra', 'failed')), 'hydra');
  assert.equal(believed(word('csv', 'lost'), word('trackio', 'running', 'heartbeat')), 'trackio');
  assert.equal(believed(word('csv', 'lost'), word('tensorboard', 'running')), 'tensorboard');
  assert.equal(believed(word('csv', 'unknown'), word('tensorboard', 'lost')), 'tensorboard');
  assert.equal(believed(), undefined);
});

test('of a log in several places the last one says how the run is, and times span all of them', () => {
  const merged = mergeFacts([
    {
      source: 'wandb',
      log: 'w',
      facts: { status: 'failed', statusReason: 'exit code 255', startedAt: 10, endedAt: 20 },
    },
    { source: 'wandb', log: 'w', facts: { status: 'running', statusReason: 'It grows.', startedAt: 30 } },
    {
      source: 'csv',
      log: 'c',
      facts: { startedAt: 31, config: {}, console: [{ title: 'log', file: '/l', encoding: 'text' }] },
    },
  ]);
  assert.deepEqual(merged, {
    status: 'running',
    statusReason: 'It grows.',
    startedAt: 10,
    console: [{ title: 'log', file: '/l', encoding: 'text' }],
  });
});

test('openRun reads a run with parts from all of them', async () => {
  const lead = eventLog('a', 3);
  const part = eventLog('a/1700000001.5', 2, 'hparam/acc');
  const run: FoundRun = {
    source: 'tensorboard',
    path: lead,
    root,
    name: 'a',
    parts: [{ source: 'tensorboard', path: part, why }],
  };
  const polled = await openRun(run).poll(undefined, { maxBytes: 1 << 20 });
  assert.deepEqual(
    polled.scalars.map(({ tag }) => tag),
    ['loss', 'hparam/acc'],
  );
  assert.ok(Object.keys((polled.cursor as { places: object }).places).includes(placeKey(run)));
});

test('a W&B run that was resumed into a directory of its own is one run: rows in order, restart noted, the last word counts', async () => {
  const write = (start: string, records: readonly Uint8Array[]) => {
    const folder = path.join(root, `wandb/offline-run-${start}-ab12cd34`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'run-ab12cd34.wandb'), logBytes([runRecord('ab12cd34'), ...records]));
  };
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => history(from + index, { loss: (from + index) / 7 }));
  write('20260101_101112', [...rows(0, 30), exit(255)]);
  write('20260102_101112', [...rows(25, 60), exit(0)]);
  const { runs } = await discoverRuns(root);
  assert.deepEqual([runs.length, runs[0]?.parts?.length, runs[0]?.parts?.[0]?.continues], [1, 1, true]);
  const gatherer = new Gatherer();
  const reader = openRun(runs[0]!);
  await pollAll(reader, gatherer).finally(() => reader.dispose());
  const loss = gatherer.rows.scalars['loss']!;
  const steps = [
    ...Array.from({ length: 30 }, (_, step) => step),
    ...Array.from({ length: 35 }, (_, step) => 25 + step),
  ];
  assert.deepEqual(loss.steps, steps);
  assert.deepEqual(
    loss.values,
    steps.map((step) => step / 7),
  );
  assert.deepEqual(Object.keys(gatherer.rows.scalars), ['loss']);
  const { status, restarts, sources, trackerId } = gatherer.rows.facts;
  assert.deepEqual([status, trackerId, sources?.map(({ tags }) => tags)], ['finished', 'ab12cd34', [1, 1]]);
  assert.deepEqual(
    restarts?.map(({ step }) => step),
    [25],
  );
});

test("figures of the Trainer's own log meet those that it gave to an event log under other names, with their times", async () => {
  const state = (count: number) => ({
    global_step: count,
    max_steps: 9,
    log_history: Array.from({ length: count }, (_, step) => ({
      step,
      epoch: step / 9,
      loss: step / 3,
      eval_loss: step / 5,
    })),
  });
  const folder = path.join(root, 'hf');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'trainer_state.json'), JSON.stringify(state(4)));
  const events = eventLog('hf/runs/Nov22_host', 6, 'train/loss');
  const { runs } = await discoverRuns(root);
  assert.deepEqual(
    runs.map(({ source, parts = [] }) => [source, ...parts.map((part) => part.path)]),
    [['hf-trainer', events]],
  );
  const { scalars } = (await read(new CompositeReader(runs[0]!, openRun))).rows;
  assert.deepEqual(
    Object.entries(scalars)
      .map(([tag, { steps, wallTimes }]) => [tag, steps.length, Number.isNaN(wallTimes[0])])
      .sort(),
    [
      ['eval/loss', 4, true],
      ['hf-trainer/train/loss', 4, true],
      ['train/epoch', 4, true],
      ['train/loss', 6, false],
    ],
  );
});
