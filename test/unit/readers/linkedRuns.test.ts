import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import type { RunId } from '../../../src/domain/ids.ts';
import type { FoundRun } from '../../../src/domain/records.ts';
import { openRun } from '../../../src/readers/index.ts';
import { LinkedPlaces } from '../../../src/worker/launching/linking/linkedPlaces.ts';
import { readMedia } from '../../../src/worker/runs/runFiles.ts';
import { gather, nothing, readAll, scalarV1, temporaryFolder, version } from './support/events.ts';

const record = {
  format: 1,
  id: '01JD0000000000000000000001',
  requestId: 'r',
  name: 'a',
  recipe: '',
  createdAt: 1000,
  command: ['python3', 'train.py'],
  cwd: '/lab',
  env: {},
  device: 'auto',
  overrides: [],
  dirty: false,
  labels: [],
  commandLaunch: {
    request: { command: ['python3', 'train.py'] },
    target: { name: 'local', settings: { kind: 'local' } },
    snapshot: [],
  },
};

function place(root: string): { run: FoundRun; other: string; link: (...links: object[]) => void } {
  const folder = path.join(root, 'runs', 'a');
  const other = path.join(root, 'logs', 'train', 'runs', '2026-01-01_00-00-00');
  mkdirSync(folder, { recursive: true });
  mkdirSync(other, { recursive: true });
  writeFileSync(path.join(folder, 'launch.json'), JSON.stringify(record));
  const link = (...links: object[]): void =>
    writeFileSync(path.join(folder, 'links.json'), JSON.stringify({ format: 1, links }));
  return { run: { source: 'trainyard', path: folder, root, name: 'a' }, other, link };
}

function events(folder: string, name: string, ...records: readonly Buffer[]): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.concat([version(), ...records]));
  return file;
}

const values = (batches: readonly { readonly values: Float64Array }[] | undefined): number[] =>
  (batches ?? []).flatMap((batch) => [...batch.values]);

test('rows of linked folders are rows of the run, live, and several places with the same tags stay apart', async (context) => {
  const { run, other, link } = place(temporaryFolder(context));
  const reader = openRun(run);
  let polled = await reader.poll(undefined, { maxBytes: 1 << 20 });
  assert.deepEqual([polled.scalars.length, polled.facts.links], [0, undefined]);
  const first = events(
    path.join(other, 'tensorboard', 'version_0'),
    'events.out.tfevents.1.h',
    scalarV1(1, 1, 'loss', 4),
  );
  link({ path: other, evidence: 'e', linkedAt: 1 });
  polled = await reader.poll(polled.cursor, { maxBytes: 1 << 20 });
  assert.deepEqual([polled.reset, polled.facts.links], [false, [other]]);
  assert.deepEqual(
    polled.scalars.map(({ tag, values: column }) => [tag, [...column]]),
    [['loss', [4]]],
  );
  appendFileSync(first, scalarV1(2, 2, 'loss', 3));
  events(path.join(other, 'eval'), 'events.out.tfevents.2.h', scalarV1(3, 2, 'loss', 9));
  events(path.join(run.path, 'mirror'), 'events.out.tfevents.3.h', scalarV1(3, 2, 'inside', 7));
  polled = await reader.poll(polled.cursor, { maxBytes: 1 << 20 });
  assert.deepEqual(polled.scalars.map(({ tag, values: column }) => [tag, [...column]]).sort(), [
    ['eval/loss', [9]],
    ['inside', [7]],
    ['loss', [3]],
  ]);
  assert.deepEqual((await reader.poll(polled.cursor, { maxBytes: 1 << 20 })).scalars, []);
  const anew = await openRun(run).poll(JSON.parse(JSON.stringify(polled.cursor)), { maxBytes: 1 << 20 });
  assert.deepEqual([anew.scalars, anew.reset], [[], false]);
});

test('a linked file that is written anew makes the whole run start again; one that is gone keeps its rows', async (context) => {
  const { run, other, link } = place(temporaryFolder(context));
  events(run.path, 'events.out.tfevents.1.own', scalarV1(1, 1, 'own', 1));
  const file = events(other, 'events.out.tfevents.1.h', scalarV1(1, 1, 'loss', 4));
  link({ path: other, evidence: 'e', linkedAt: 1 });
  const reader = openRun(run);
  let polled = await reader.poll(undefined, { maxBytes: 1 << 20 });
  const all = nothing();
  gather(all, polled);
  rmSync(file);
  events(other, 'events.out.tfevents.9.h', scalarV1(1, 1, 'loss', 8));
  polled = await reader.poll(polled.cursor, { maxBytes: 1 << 20 });
  assert.equal(polled.reset, true);
  assert.deepEqual(
    polled.scalars.map(({ tag, values: column }) => [tag, [...column]]),
    [
      ['own', [1]],
      ['loss', [8]],
    ],
  );
  renameSync(other, `${other}-away`);
  const after = await reader.poll(polled.cursor, { maxBytes: 1 << 20 });
  assert.deepEqual([after.reset, after.scalars], [false, []]);
});

test('a link to one file leaves the others of its folder alone', async (context) => {
  const { run, other, link } = place(temporaryFolder(context));
  events(other, 'events.out.tfevents.1.h', scalarV1(1, 1, 'loss', 4));
  events(other, 'events.out.tfevents.2.h', scalarV1(1, 1, 'loss', 5));
  link({ path: other, only: 'events.out.tfevents.2.h', evidence: 'e', linkedAt: 1 });
  const polled = await openRun(run).poll(undefined, { maxBytes: 1 << 20 });
  assert.deepEqual([values(polled.scalars), polled.facts.links], [[5], undefined]);
});

test('a link to a run of a database reads that run alone, and one to a table the table; both are told as sources', async (context) => {
  const { run, other, link } = place(temporaryFolder(context));
  const database = new DatabaseSync(path.join(other, 'lab.db'));
  context.after(() => database.close());
  database.exec(
    'CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)',
  );
  const log = (name: string, step: number, loss: number) =>
    database.exec(`INSERT INTO metrics (timestamp, run_name, step, metrics)
      VALUES ('2026-01-01T00:00:00+00:00', '${name}', ${step}, '{"loss": ${loss}}')`);
  log('mine', 0, 4);
  log('others', 0, 9);
  writeFileSync(path.join(other, 'metrics.csv'), 'step,accuracy\n0,0.5\n1,0.6\n');
  const linked = { path: other, evidence: 'e', linkedAt: 1 };
  link(
    { ...linked, only: 'lab.db', source: 'trackio', key: 'mine' },
    { ...linked, only: 'metrics.csv', source: 'csv' },
  );
  const reader = openRun(run);
  context.after(() => reader.dispose());
  const first = await reader.poll(undefined, { maxBytes: 1 << 20 });
  assert.deepEqual(first.scalars.map(({ tag, values: column }) => [tag, [...column]]).sort(), [
    ['accuracy', [0.5, 0.6]],
    ['loss', [4]],
  ]);
  assert.deepEqual(
    first.facts.sources?.map(({ source, key, why }) => [source, key, why]),
    [
      ['trainyard', undefined, "It is the run's own place."],
      ['csv', undefined, 'e'],
      ['trackio', 'mine', 'e'],
    ],
  );
  log('others', 1, 8);
  log('mine', 1, 3);
  appendFileSync(path.join(other, 'metrics.csv'), '2,0.7\n');
  const next = await reader.poll(first.cursor, { maxBytes: 1 << 20 });
  assert.deepEqual([next.reset, values(next.scalars).sort()], [false, [0.7, 3]]);
  const linkedPlaces = new LinkedPlaces();
  const sources = first.facts.sources!;
  assert.equal(linkedPlaces.note({ id: 'r' as RunId, found: run, facts: { sources } }), true);
  const at = (key: string): FoundRun => ({
    source: 'trackio',
    path: path.join(other, 'lab.db'),
    key,
    root: other,
    name: key,
  });
  assert.deepEqual([linkedPlaces.hides(at('mine')), linkedPlaces.hides(at('others'))], [true, false]);
  linkedPlaces.forget('r' as RunId);
  assert.equal(linkedPlaces.hides(at('mine')), false);
});

test('damage in links.json is no links, and media are read from linked places only', async (context) => {
  const root = temporaryFolder(context);
  const { run, other, link } = place(root);
  writeFileSync(path.join(run.path, 'links.json'), '{"links": [{"path": "relative"}, 5, null');
  assert.equal((await readAll(openRun(run))).rows.size, 0);
  writeFileSync(path.join(other, 'a.txt'), 'inside');
  writeFileSync(path.join(root, 'secret.txt'), 'outside');
  const media = (base: string, file: string) =>
    ({
      tag: 't',
      kind: 'text',
      step: 0,
      wallTime: 0,
      index: 0,
      mime: 'text/plain',
      place: { at: 'file', file, base },
    }) as const;
  await assert.rejects(readMedia(run, media(other, 'a.txt')), { code: 'bad-file' });
  link({ path: other, evidence: 'e', linkedAt: 1 });
  assert.equal(Buffer.from(await readMedia(run, media(other, 'a.txt'))).toString(), 'inside');
  for (const [base, file] of [
    [root, 'secret.txt'],
    [other, '../../../../secret.txt'],
    ['/', 'etc/passwd'],
  ] as const)
    await assert.rejects(readMedia(run, media(base, file)), { code: 'bad-file' });
});
