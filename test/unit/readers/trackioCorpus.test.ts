import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import type { FoundRun, PollResult } from '../../../src/domain/records.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { trackioFormat } from '../../../src/readers/trackio/format.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { fingerprint } from './support/sqlite.ts';

interface TagTruth {
  readonly count: number;
  readonly first: number | string;
  readonly last: number | string;
  readonly first_step: number;
  readonly last_step: number;
}
interface RunTruth {
  readonly run_name: string;
  readonly rows: number;
  readonly system_rows?: number;
  readonly first_timestamp: string;
  readonly config: object;
  readonly metrics: { readonly [tag: string]: TagTruth };
}
interface Truth {
  readonly databases: { readonly [file: string]: { readonly runs: { readonly [key: string]: RunTruth } } };
  readonly inbox: { readonly metric: number; readonly system: number; readonly steps: readonly number[] };
}

const folder = path.join(corpus, 'trackio');
const truth: Truth = withoutCorpus
  ? { databases: {}, inbox: { metric: 0, system: 0, steps: [] } }
  : readTruth('trackio', 'truth.json');

for (const [file, { runs }] of Object.entries(truth.databases)) {
  test(`${file} gives its truth, and is not touched`, async () => {
    const database = path.join(folder, file);
    const before = fingerprint(database);
    const listing = await trackioFormat.list!({ source: 'trackio', path: database, root: folder });
    assert.deepEqual(listing.runs.map(({ key }) => key).toSorted(), Object.keys(runs).toSorted());
    for (const run of listing.runs) await checkRun(run, runs[run.key!]!);
    assert.deepEqual(fingerprint(database), before);
  });
}

const words = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const asNumber = (value: number | string): number => (typeof value === 'number' ? value : words.get(value)!);

async function checkRun(run: FoundRun, expected: RunTruth): Promise<void> {
  const reader = openRun(run);
  const gatherer = new Gatherer();
  await pollAll(reader, gatherer, undefined, 3000);
  reader.dispose();
  const { scalars, media, facts } = gatherer.rows;
  assert.deepEqual(gatherer.problems, []);
  assert.equal(facts.name, expected.run_name);
  assert.deepEqual(facts.config, expected.config);
  assert.equal(facts.project, 'denoising-zoo');
  assert.equal(
    facts.startedAt,
    Date.parse(`${expected.first_timestamp.slice(0, 19)}Z`) / 1000 +
      Number(`0.${expected.first_timestamp.slice(20, 26)}`),
  );
  for (const [tag, tagTruth] of Object.entries(expected.metrics)) {
    if (typeof tagTruth.first === 'string' && tagTruth.first.startsWith('trackio.')) {
      const records = media.filter((record) => record.tag === tag);
      assert.equal(records.length, tagTruth.count);
      assert.equal(records[0]!.step, tagTruth.first_step);
      assert.equal(`trackio.${records[0]!.kind}`, tagTruth.first);
      continue;
    }
    const rows = scalars[tag]!;
    assert.equal(rows.values.length, tagTruth.count, tag);
    assert.deepEqual([rows.steps[0], rows.steps.at(-1)], [tagTruth.first_step, tagTruth.last_step], tag);
    assert.ok(
      Object.is(rows.values[0], asNumber(tagTruth.first)) && Object.is(rows.values.at(-1), asNumber(tagTruth.last)),
      tag,
    );
  }
  const system = Object.entries(scalars).filter(([tag]) => !Object.hasOwn(expected.metrics, tag));
  const times = new Set(system.flatMap(([, { wallTimes }]) => wallTimes));
  assert.equal(times.size, expected.system_rows ?? 0);
  for (const [, { steps }] of system)
    assert.deepEqual(
      steps,
      steps.map((_, index) => index),
    );
}

test('a resumed run tells where it was taken up again, a picture that was logged late is no restart', {
  skip: withoutCorpus,
}, async () => {
  const database = path.join(folder, 'v0.15.0/trackio/denoising-zoo.db');
  const restartsOf = async (key: string): Promise<readonly number[]> => {
    const reader = trackioFormat.open({ source: 'trackio', path: database, key, root: folder, name: key });
    const polled: PollResult = await reader.poll(undefined, { maxBytes: 1e9 });
    return (polled.facts.restarts ?? []).map(({ step }) => step);
  };
  assert.equal((await restartsOf('lm_resumed')).length, 1);
  assert.deepEqual(await restartsOf('brain_tumor_v1'), []);
});

test('records of the inbox are a run before anybody imports them', { skip: withoutCorpus }, async () => {
  const { runs } = await discoverRuns(path.join(folder, 'v0.36.0_inbox'));
  assert.deepEqual(
    runs.map(({ source, key, name }) => ({ source, key, name })),
    [{ source: 'trackio', key: 'f'.repeat(32), name: 'nfs_run' }],
  );
  const gatherer = new Gatherer();
  const reader = openRun(runs[0]!);
  await pollAll(reader, gatherer);
  reader.dispose();
  const { scalars, facts } = gatherer.rows;
  assert.deepEqual(scalars['train/loss']!.steps, truth.inbox.steps);
  assert.deepEqual(
    scalars['bad']!.steps.filter((_, index) => Number.isNaN(scalars['bad']!.values[index])),
    [1, 6, 11],
  );
  assert.equal(facts.config?.['lr'], 0.001);
  assert.equal(facts.trackerId, 'f'.repeat(32));
  const system = Object.keys(scalars).filter((tag) => tag !== 'bad' && tag !== 'train/loss');
  assert.ok(system.length > 0);
  for (const tag of system) assert.equal(scalars[tag]!.values.length, truth.inbox.system);
});

test('the runs of a folder of Trackio are found by discovery', { skip: withoutCorpus }, async () => {
  const { runs } = await discoverRuns(path.join(folder, 'v0.36.0/trackio'));
  assert.deepEqual(
    runs.map(({ source, key }) => `${source} ${key}`).toSorted(),
    Object.keys(truth.databases['v0.36.0/trackio/denoising-zoo.db']!.runs).map((key) => `trackio ${key}`),
  );
});
