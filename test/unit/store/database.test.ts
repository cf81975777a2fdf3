import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { JobTable } from '../../../src/store/jobTable.ts';
import { MarkTable } from '../../../src/store/markTable.ts';
import { MediaTable } from '../../../src/store/mediaTable.ts';
import { migrations, newestMigration } from '../../../src/store/migrations.ts';
import { RequestTable } from '../../../src/store/requestTable.ts';
import { type RunRow, RunTable } from '../../../src/store/runTable.ts';
import { SeriesTable } from '../../../src/store/seriesTable.ts';
import { newSketch } from '../../../src/store/sketch.ts';
import { schemaVersion1 } from './schemas/version1.ts';
import { schemaVersion2 } from './schemas/version2.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'store-'));
  file = path.join(folder, 'trainyard.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(): Database {
  const opened = openDatabase(file);
  assert.ok(opened.ok);
  return opened.value;
}

const runId = 'f0123' as RunId;
const run: RunRow = {
  id: runId,
  source: 'tensorboard',
  path: '/w/runs/a',
  root: '/w',
  name: 'a',
  foundAt: 12.5,
  facts: { status: 'running', statusReason: 'It grows.' },
  problems: ['one'],
  glance: { metrics: [{ tag: 'loss', value: Number.NaN, step: 3, min: 1, max: 2 }], sparkline: [1, Number.NaN, 2] },
  cursor: { files: [1, 2] },
};

test('migrations are numbered without gaps and each says why', () => {
  assert.deepEqual(
    migrations.map(({ id }) => id),
    migrations.map((_, index) => index + 1),
  );
  for (const { reason } of migrations) assert.match(reason, /\w.*\./);
});

test('a database of schema 1 is brought up to date and keeps the queue, labels and notes', () => {
  const old = new DatabaseSync(file);
  old.exec(schemaVersion1);
  old.close();
  const database = open();
  const [{ job, directory }] = new JobTable(database).load() as [ReturnType<JobTable['load']>[number]];
  assert.deepEqual(
    [job.id, job.state, job.slot, job.order, directory],
    ['01JOB', 'waiting', 'cpu', 1.5, '/w/runs/old'],
  );
  assert.deepEqual(new MarkTable(database).all().get('01JOB' as RunId), {
    name: 'Mine',
    labels: ['x', 'y'],
    note: 'kept',
    archived: true,
  });
  const request = new RequestTable(database).find('request-1');
  assert.equal(request?.queued, true, 'launches of schema 1 were complete');
  assert.deepEqual(new RequestTable(database).unfinished(), []);
  assert.deepEqual(
    new RunTable(database).all().map(({ name }) => name),
    ['old'],
  );
  assert.deepEqual(
    new SeriesTable(database).load('01JOB' as RunId, 'loss').points(0, 9).values,
    Float64Array.of(0.5, 0.25),
  );
  assert.equal((database.get('PRAGMA user_version').get() as { user_version: number }).user_version, newestMigration);
  database.dispose();
});

test('a database of schema 2 keeps running jobs and cut-off launches, and takes what jobs have had since', () => {
  const old = new DatabaseSync(file);
  old.exec(schemaVersion2);
  old.close();
  const database = open();
  const table = new JobTable(database);
  const [running, waiting] = table.load().map(({ job }) => job);
  assert.deepEqual(
    [running?.id, running?.state, running?.startedAt, waiting?.id, waiting?.after, waiting?.failure],
    ['02JOB', 'running', 2, '01JOB', undefined, undefined],
  );
  assert.deepEqual(
    new RequestTable(database).unfinished().map(({ id, held, slot }) => [id, held, slot]),
    [['request-2', true, 'cuda:0']],
  );
  const full = {
    ...waiting!,
    priority: -2,
    after: ['02JOB' as JobId],
    notBefore: 17.5,
    gpus: 2,
    assigned: ['0', 'MIG-1'],
    group: 'sweep',
    groupLimit: 4,
    failure: { kind: 'oom' as const, message: 'größer', signature: 'oom', file: '/w/a.py', line: 3 },
  };
  table.save([{ job: full, directory: '/w/runs/old' }]);
  assert.deepEqual(table.find('01JOB' as RunId)?.job, full);
  database.dispose();
});

test('a job that ended long ago is still loaded while another one waits for it', () => {
  const database = open();
  const table = new JobTable(database);
  const job = (id: string, more: object) => ({
    directory: '',
    job: {
      id: id as JobId,
      runId: id as RunId,
      runName: id,
      state: 'done' as const,
      target: 'local' as const,
      slot: 'cpu',
      order: 1,
      reason: '',
      submittedAt: 1,
      endedAt: 2,
      ...more,
    },
  });
  table.save([job('a', {}), job('b', {}), job('c', { state: 'held', endedAt: undefined, after: ['a'] })]);
  assert.deepEqual(
    table
      .load()
      .map((row) => row.job.id)
      .sort(),
    ['a', 'c'],
  );
  database.dispose();
});

test('a database of a newer program is refused and left as it is', () => {
  const newer = new DatabaseSync(file);
  newer.exec('CREATE TABLE future (x); PRAGMA user_version = 999');
  newer.close();
  const opened = openDatabase(file);
  assert.deepEqual([opened.ok, !opened.ok && opened.reason], [false, 'too-new']);
  assert.match(opened.ok ? '' : opened.message, /newer Trainyard \(schema 999/);
  const again = new DatabaseSync(file);
  assert.equal((again.prepare('PRAGMA user_version').get() as { user_version: number }).user_version, 999);
  again.close();
});

test('a file that is no database is said to be damaged', () => {
  writeFileSync(file, 'this is certainly no database, and long enough to be looked at as one. '.repeat(20));
  const opened = openDatabase(file);
  assert.deepEqual([opened.ok, !opened.ok && opened.reason], [false, 'damaged']);
});

test('a runtime without SQLite is told what to do', () => {
  const script = `import('${path.resolve('src/store/sqlite.ts')}').then(({ loadSqlite }) => loadSqlite()).catch((error) => console.log(error.code, error.hint))`;
  const { stdout } = spawnSync(process.execPath, ['--no-experimental-sqlite', '-e', script], { encoding: 'utf8' });
  assert.match(stdout, /^worker-unavailable .*Node 22\.15/);
});

test('runs come back as they were, numbers that SQLite and JSON cannot hold included', () => {
  let database = open();
  new RunTable(database).save(run);
  new RunTable(database).save({ ...run, name: 'b' });
  database.dispose();
  database = open();
  assert.deepEqual(new RunTable(database).all(), [{ ...run, name: 'b' }]);
  database.dispose();
});

test('a file may hold several runs, each with its key and its parts, and figures of the machine stay what they are', () => {
  let database = open();
  const first: RunRow = { ...run, id: 'f1' as RunId, source: 'trackio', path: '/w/a.db', key: 'one' };
  const parts = [{ source: 'tensorboard' as const, path: '/w/logs', why: 'Its values are the same.' }];
  const second: RunRow = { ...first, id: 'f2' as RunId, key: 'two', parts, skimmed: true };
  for (const row of [first, second]) new RunTable(database).save(row);
  assert.throws(() => new RunTable(database).save({ ...first, id: 'f3' as RunId }), /UNIQUE/);
  const info = {
    tag: 'gpu',
    kind: 'scalar',
    count: 1,
    firstStep: 0,
    lastStep: 0,
    firstValue: 1,
    lastValue: 1,
    min: 1,
    max: 1,
    nonFinite: 0,
    firstWallTime: 1,
    lastWallTime: 1,
    system: true,
  } as const;
  new SeriesTable(database).append(first.id, { info, sketch: newSketch() }, undefined);
  database.dispose();
  database = open();
  assert.deepEqual(new RunTable(database).all(), [first, second]);
  assert.deepEqual(new SeriesTable(database).ofRun(first.id)[0]?.info, info);
  database.dispose();
});

test('points appended in pieces are whole again, over chunk borders, with NaN and the infinities', () => {
  const database = open();
  new RunTable(database).save(run);
  const table = new SeriesTable(database);
  const total = 10_000;
  const values = Float64Array.from({ length: total }, (_, index) =>
    index % 7 === 0 ? Number.NaN : index % 11 === 0 ? Number.POSITIVE_INFINITY : index / 3,
  );
  const steps = values.map((_, index) => index * 2);
  const info = {
    tag: 'loss',
    kind: 'scalar',
    count: total,
    firstStep: 0,
    lastStep: 1,
    firstValue: Number.NaN,
    lastValue: 2,
    nonFinite: 3,
    firstWallTime: 4,
    lastWallTime: 5,
  } as const;
  for (let from = 0, piece = 1; from < total; from += piece, piece = (piece * 5) % 4_801) {
    const part = (column: Float64Array) => column.slice(from, from + piece);
    database.transaction(() =>
      table.append(
        runId,
        { info, sketch: newSketch() },
        { tag: 'loss', steps: part(steps), wallTimes: part(steps), values: part(values) },
      ),
    );
  }
  const read = table.load(runId, 'loss').points(0, total + 1);
  assert.deepEqual(read, { steps, wallTimes: steps, values });
  assert.deepEqual(table.ofRun(runId)[0]?.info, info);
  table.clear(runId);
  assert.equal(table.load(runId, 'loss').length, 0);
  assert.equal(database.get('SELECT count(*) AS n FROM chunks').get()?.['n'], 0, 'chunks go with their series');
  database.dispose();
});

test('a transaction that fails leaves nothing', () => {
  const database = open();
  assert.throws(() =>
    database.transaction(() => {
      new RunTable(database).save(run);
      throw new Error('no');
    }),
  );
  assert.deepEqual(new RunTable(database).all(), []);
  database.dispose();
});

test('media are listed by step, and the newest one of a place is found', () => {
  const database = open();
  new RunTable(database).save(run);
  const media = new MediaTable(database);
  const record = (step: number, text: string) =>
    ({
      tag: 'note',
      kind: 'text',
      step,
      wallTime: 1,
      index: 0,
      mime: 'text/plain',
      place: { at: 'inline', text },
    }) as const;
  media.append(runId, [record(5, 'five'), record(1, 'one'), record(5, 'five again')]);
  assert.deepEqual(
    media.list(runId).map(({ step }) => step),
    [1, 5, 5],
  );
  assert.deepEqual(media.find(runId, 'note', 5, 0)?.place, { at: 'inline', text: 'five again' });
  assert.equal(media.find(runId, 'note', 2, 0), undefined);
  new RunTable(database).remove(runId);
  assert.deepEqual(media.list(runId), []);
  database.dispose();
});

test('the queue is written in one piece and ended jobs leave the list after a day', () => {
  const database = open();
  const table = new JobTable(database);
  const now = Date.now() / 1000;
  const job = (id: string, state: 'waiting' | 'done', endedAt?: number) => ({
    directory: `/w/${id}`,
    job: {
      id: id as JobId,
      runId: id as RunId,
      runName: id,
      state,
      target: 'local' as const,
      slot: 'cpu',
      order: 1,
      reason: '',
      submittedAt: now,
      ...(endedAt === undefined ? {} : { endedAt, exitCode: 1 }),
    },
  });
  table.save([job('a', 'waiting'), job('b', 'done', now - 60), job('c', 'done', now - 100_000)]);
  assert.deepEqual(
    table
      .load()
      .map(({ job: { id } }) => id)
      .sort(),
    ['a', 'b'],
  );
  assert.deepEqual(table.find('c' as RunId)?.job.exitCode, 1);
  database.dispose();
});
