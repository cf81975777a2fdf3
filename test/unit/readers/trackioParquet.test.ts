import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { ReaderCursor } from '../../../src/domain/records.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { TrackioParquetReader } from '../../../src/readers/trackio/parquetReader.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/trackio');

test('an export to Parquet gives the runs that were exported', async () => {
  const { runs } = await discoverRuns(fixtures);
  assert.deepEqual(
    runs.map(({ source, key, name }) => [source, key, name]),
    [
      ['trackio', 'id-of-first', 'first'],
      ['trackio', 'id-of-second', 'second'],
    ],
  );
  const [first, second] = await Promise.all(
    runs.map(async (run) => {
      const gatherer = new Gatherer();
      // Thirty rows a poll.
      await pollAll(openRun(run), gatherer, undefined, 30 * 256);
      return gatherer;
    }),
  );
  const { scalars, media, facts } = first!.rows;
  assert.deepEqual(scalars['loss']!.steps, [...Array.from({ length: 300 }, (_, step) => step), 0]);
  assert.ok(
    scalars['loss']!.values.every((value, step) =>
      step === 300 ? value === 0.25 : Math.abs(value - Math.exp(-step / 50)) < 1e-15,
    ),
  );
  assert.deepEqual(
    scalars['val/acc']!.values,
    Array.from({ length: 30 }, (_, index) => (index * 10) / 300),
  );
  assert.deepEqual(scalars['gpu/0/utilization'], {
    steps: [0, 1, 2, 3, 4],
    wallTimes: [1, 2, 3, 4, 5].map((second) => Date.UTC(2026, 1, 1, 10) / 1000 + second + 0.5),
    values: [50, 51, 52, 53, 54],
  });
  assert.deepEqual(
    media.map(({ tag, kind, step, place }) => [tag, kind, step, place]),
    [['samples', 'image', 300, { at: 'file', file: 'media/lab/first/300/a.png' }]],
  );
  assert.deepEqual(facts.config, { lr: 0.1, model: { width: 64 }, _Created: '2026-02-01T09:59:59+00:00', _Group: 'g' });
  assert.deepEqual(
    [facts.name, facts.trackerId, facts.project, facts.group, facts.createdAt],
    ['first', 'id-of-first', 'lab', 'g', Date.UTC(2026, 1, 1, 9, 59, 59) / 1000],
  );
  assert.deepEqual(
    facts.restarts?.map(({ step }) => step),
    [0],
  );
  assert.deepEqual(second!.rows.facts.config, { model: { depth: 3 }, _Created: '2026-02-01T10:03:20+00:00' });
  assert.ok(Number.isNaN(second!.rows.scalars['loss']!.values[50]));
  assert.deepEqual([second!.rows.scalars['epoch']!.values[0], second!.rows.scalars['epoch']!.values.length], [2, 100]);
});

test('an export that was written anew is read anew, a half copied one is said and then read', async (context) => {
  const folder = path.join(temporaryFolder(context), 'trackio');
  cpSync(fixtures, folder, { recursive: true });
  const file = path.join(folder, 'lab.parquet');
  const whole = readFileSync(file);
  const reader = new TrackioParquetReader({
    source: 'trackio',
    path: file,
    key: 'id-of-second',
    root: folder,
    name: 'second',
  });
  const gatherer = new Gatherer();
  let cursor: ReaderCursor | undefined = await pollAll(reader, gatherer);
  writeFileSync(file, whole.subarray(0, whole.length - 100));
  cursor = await pollAll(reader, gatherer, cursor);
  assert.match(gatherer.problems.at(-1)!.message, /half copied/);
  assert.equal(gatherer.rows.scalars['loss']!.steps.length, 100);
  writeFileSync(file, whole);
  await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']!.steps.length], [1, 100]);
});

test('Parquet files that are data are left alone, and a database tells more than its export', async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(path.join(folder, 'data'));
  for (const name of ['data/train.parquet', 'project.parquet', 'project_configs.parquet'])
    copyFileSync(path.join(fixtures, 'lab.parquet'), path.join(folder, name));
  writeFileSync(path.join(folder, 'project.db'), '');
  assert.deepEqual((await discoverRuns(folder)).runs, []);
});

test('damaged exports end in a problem, never in an exception or in gigabytes', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'lab.parquet');
  const whole = readFileSync(path.join(fixtures, 'lab.parquet'));
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
    async (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      writeFileSync(file, bytes);
      const reader = new TrackioParquetReader({
        source: 'trackio',
        path: file,
        key: 'id-of-first',
        root: folder,
        name: 'first',
      });
      await reader.poll(undefined, { maxBytes: 1e6 });
    },
  );
  await fc.assert(property, { numRuns: 80 });
});
