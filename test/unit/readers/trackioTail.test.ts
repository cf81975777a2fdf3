import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import type { FoundRun, ReaderCursor } from '../../../src/domain/records.ts';
import { defaultTrackioFolders, trackioFormat } from '../../../src/readers/trackio/format.ts';
import { TrackioReader } from '../../../src/readers/trackio/reader.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';
import { isoTime, TrackioWriter, trackioVersions } from './support/trackio.ts';

const runAt = (file: string, key: string): FoundRun => ({
  source: 'trackio',
  path: file,
  key,
  root: path.dirname(file),
  name: key,
});

function writerIn(
  context: TestContext,
  version = '0.36.0',
  name = 'lab.db',
): { writer: TrackioWriter; file: string; folder: string } {
  const folder = path.join(temporaryFolder(context), 'trackio');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  const writer = new TrackioWriter(file, trackioVersions[version]!);
  context.after(() => writer.close());
  return { writer, file, folder };
}

/** Polls on and gives the rows as they stand then. */
class Follower {
  readonly gatherer = new Gatherer();
  readonly reader: TrackioReader;
  #cursor: ReaderCursor | undefined;

  constructor(file: string, key: string, now?: () => number) {
    this.reader = new TrackioReader(runAt(file, key), now);
  }

  async poll(maxBytes = 1 << 20): Promise<Gatherer> {
    this.#cursor = await pollAll(this.reader, this.gatherer, this.#cursor, maxBytes);
    return this.gatherer;
  }
}

for (const version of Object.keys(trackioVersions)) {
  test(`numbers of every kind come as they were logged: Trackio ${version}`, async (context) => {
    const { writer, file } = writerIn(context, version);
    writer.log('a', 0, '{"loss": 0.1, "n": 9007199254740993, "flag": true, "none": null}', { time: 1_770_000_000.25 });
    writer.log('b', 0, '{"loss": 7}');
    writer.log('a', 5, '{"loss": NaN, "text": "NaN is no number", "nested": {"x": -Infinity, "deep": {"y": 1e-300}}}');
    writer.log('a', 3, '{"loss": "Infinity", "other": "-Infinity", "weird": "NaN"}');
    writer.log('a', 3, 'no json');
    const gathered = await new Follower(file, writer.keyOf('a')).poll();
    const { scalars, media } = gathered.rows;
    const rows = Object.fromEntries(
      Object.entries(scalars).map(([tag, { steps, values }]) => [
        tag,
        steps.map((step, index) => [step, values[index]]),
      ]),
    );
    assert.deepEqual(rows, {
      loss: [
        [0, 0.1],
        [5, Number.NaN],
        [3, Number.POSITIVE_INFINITY],
      ],
      n: [[0, 9007199254740992]],
      flag: [[0, 1]],
      'nested/x': [[5, Number.NEGATIVE_INFINITY]],
      'nested/deep/y': [[5, 1e-300]],
      other: [[3, Number.NEGATIVE_INFINITY]],
      weird: [[3, Number.NaN]],
    });
    assert.equal(scalars['loss']!.wallTimes[0], 1_770_000_000.25);
    assert.deepEqual(
      media.map(({ tag, kind, step, place }) => [tag, kind, step, place]),
      [['text', 'text', 5, { at: 'inline', text: 'NaN is no number' }]],
    );
    assert.deepEqual(
      gathered.problems.map(({ message }) => message),
      ['A row does not hold a JSON object, so it was passed over.'],
    );
    assert.equal(gathered.rows.facts.name, 'a');
    assert.equal(gathered.rows.facts.trackerId, version === '0.36.0' ? writer.keyOf('a') : undefined);
  });
}

/** What the writers of a project do. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('log' as const),
      run: fc.constantFrom('a', 'b', 'c'),
      rows: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('system' as const), run: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), id: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), run: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteOne' as const), id: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), run: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vacuum' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('checkpoint' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

let logged = 0;
const acts: { readonly [Do in Step['do']]: (writer: TrackioWriter, step: Extract<Step, { do: Do }>) => void } = {
  log: (writer, { run, rows }) => {
    writer.database.exec('BEGIN');
    for (let row = 0; row < rows; row++, logged++)
      writer.log(run, logged % 97, `{"loss": ${logged / 7}, "note ${logged % 3}": ${logged}}`);
    writer.database.exec('COMMIT');
  },
  system: (writer, { run }) => writer.system(run, `{"gpu/0/utilization": ${++logged}}`),
  replace: (writer, { id }) => {
    writer.database.prepare('UPDATE metrics SET metrics = ? WHERE id = ?').run(`{"loss": ${++logged}}`, id);
  },
  delete: (writer, { run }) => {
    writer.database.prepare('DELETE FROM metrics WHERE run_name = ?').run(run);
  },
  deleteOne: (writer, { id }) => {
    writer.database.prepare('DELETE FROM metrics WHERE id = ?').run(id);
  },
  rename: (writer, { run }) => {
    writer.database
      .prepare('UPDATE metrics SET run_name = ?, run_id = ? WHERE run_name = ?')
      .run(`new-${run}`, `id-of-new-${run}`, run);
  },
  vacuum: (writer) => writer.database.exec('VACUUM'),
  checkpoint: (writer) => writer.database.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
};

test('whatever is written, replaced or deleted between polls, a follower ends with the rows that are there', async (context) => {
  const folder = temporaryFolder(context);
  let count = 0;
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 2, maxLength: 14 }),
    fc.integer({ min: 60, max: 3000 }),
    fc.boolean(),
    async (steps, maxBytes, isRenewed) => {
      const file = path.join(folder, `lab${count++}.db`);
      const writer = new TrackioWriter(file, trackioVersions['0.36.0']!);
      const followers = ['a', 'b'].map((name) => ({
        key: writer.keyOf(name),
        gatherer: new Gatherer(),
        cursor: undefined as ReaderCursor | undefined,
        reader: new TrackioReader(runAt(file, writer.keyOf(name))),
      }));
      try {
        for (const next of steps) {
          (acts[next.do] as (writer: TrackioWriter, step: Step) => void)(writer, next);
          for (const follower of followers) {
            if (isRenewed) follower.reader = new TrackioReader(runAt(file, follower.key));
            follower.cursor = await pollAll(follower.reader, follower.gatherer, follower.cursor, maxBytes);
          }
        }
        for (const { key, gatherer } of followers) {
          const whole = new Gatherer();
          await pollAll(new TrackioReader(runAt(file, key)), whole, undefined, 1e9);
          assert.deepEqual(gatherer.rows.scalars, whole.rows.scalars);
          assert.deepEqual(whole.rows.scalars, expectedRows(writer, key));
        }
      } finally {
        writer.close();
      }
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

/** The rows of a run as SQLite itself gives them. */
function expectedRows(writer: TrackioWriter, key: string): unknown {
  const rows: { [tag: string]: { steps: number[]; wallTimes: number[]; values: number[] } } = {};
  const add = (tag: string, step: number, value: number): void => {
    rows[tag] ??= { steps: [], wallTimes: [], values: [] };
    rows[tag].steps.push(step);
    rows[tag].wallTimes.push(1_770_000_000);
    rows[tag].values.push(value);
  };
  const select = (table: string): { step: number; metrics: Uint8Array | string }[] =>
    writer.database.prepare(`SELECT * FROM ${table} WHERE run_id = ? ORDER BY id`).all(key) as never;
  for (const { step, metrics } of select('metrics'))
    for (const [tag, value] of Object.entries(parse(metrics))) add(tag, step, value);
  for (const { metrics } of select('system_metrics'))
    for (const [tag, value] of Object.entries(parse(metrics))) add(tag, rows[tag]?.steps.length ?? 0, value);
  return rows;
}

const parse = (metrics: Uint8Array | string): { [tag: string]: number } =>
  JSON.parse(typeof metrics === 'string' ? metrics : new TextDecoder().decode(metrics));

test('a database that was exchanged for another one is read anew', async (context) => {
  const { writer, file, folder } = writerIn(context, '0.15.0');
  for (let row = 0; row < 20; row++) writer.log('a', row, `{"loss": ${row}}`);
  const follower = new Follower(file, 'a');
  await follower.poll();
  writer.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const other = new TrackioWriter(path.join(folder, 'other.db'), trackioVersions['0.15.0']!);
  for (let row = 0; row < 25; row++) other.log('a', row, `{"loss": ${row * 2}}`);
  other.close();
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  renameSync(path.join(folder, 'other.db'), file);
  const { rows, resets } = await follower.poll();
  assert.equal(resets, 1);
  assert.deepEqual(
    rows.scalars['loss']!.values,
    Array.from({ length: 25 }, (_, row) => row * 2),
  );
});

test('records go from the inbox into the database and are told once', async (context) => {
  const { writer, file, folder } = writerIn(context);
  const key = writer.keyOf('a');
  const fragment = (number: number, records: readonly object[]): string => {
    const inbox = path.join(folder, 'inbox', '0123456789abcdef');
    mkdirSync(inbox, { recursive: true });
    const name = path.join(inbox, `${String(number).padStart(8, '0')}.jsonl`);
    writeFileSync(name, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return name;
  };
  const record = (row: number): object => ({
    v: 1,
    kind: 'metric',
    project: 'lab',
    run: 'a',
    run_id: key,
    metrics: { loss: row },
    step: row,
    timestamp: isoTime(1_770_000_000),
    config: row === 0 ? { lr: 1 } : null,
    log_id: `L${row}`,
  });
  const follower = new Follower(file, key);
  const steps = async (): Promise<readonly number[]> => (await follower.poll()).rows.scalars['loss']?.steps ?? [];
  const first = fragment(0, [record(0), record(1)]);
  assert.deepEqual(await steps(), [0, 1]);
  assert.deepEqual(follower.gatherer.rows.facts.config, { lr: 1 });
  // Imported, and not deleted yet; then deleted, and more of it in the inbox.
  writer.log('a', 0, '{"loss": 0}', { logId: 'L0' });
  writer.log('a', 1, '{"loss": 1}', { logId: 'L1' });
  assert.deepEqual(await steps(), [0, 1]);
  rmSync(first);
  fragment(1, [record(2)]);
  writer.log('a', 3, '{"loss": 3}', { logId: 'L3' });
  assert.deepEqual(await steps(), [0, 1, 3, 2]);
  // Somebody who comes later finds the same.
  const late = await new Follower(file, key).poll();
  assert.deepEqual(late.rows.scalars['loss']!.steps, [0, 1, 3, 2]);
  const listing = await trackioFormat.list!({ source: 'trackio', path: file, root: folder });
  assert.deepEqual(
    listing.runs.map((run) => run.key),
    [key],
  );
});

test('a resumed run tells its restarts, tags that were logged late do not', async (context) => {
  const { writer, file } = writerIn(context, '0.15.0');
  for (let row = 0; row < 10; row++) writer.log('a', row, `{"loss": ${row}, "lr": 1}`, { time: 1_770_000_000 + row });
  writer.log('a', 2, '{"summary": 1}');
  for (let row = 0; row < 4; row++) {
    writer.log('a', row, `{"loss": ${row}}`, { time: 1_770_000_100 + row });
    writer.log('a', row, '{"lr": 1}', { time: 1_770_000_100 + row });
  }
  const follower = new Follower(file, 'a');
  const { rows } = await follower.poll(200);
  assert.deepEqual(rows.facts.restarts, [{ step: 0, wallTime: 1_770_000_100 }]);
  assert.equal(rows.scalars['loss']!.steps.length, 14);
});

test('a run is running while rows come, and nothing claims that it has finished', async (context) => {
  const { writer, file } = writerIn(context);
  let now = Date.now() / 1000;
  const follower = new Follower(file, writer.keyOf('a'), () => now);
  const status = async (): Promise<string | undefined> => (await follower.poll()).rows.facts.status;
  assert.equal(await status(), 'unknown');
  writer.log('a', 0, '{"loss": 1}', { time: now });
  assert.equal(await status(), 'running');
  now += 1000;
  assert.equal(await status(), 'unknown');
  assert.match(follower.gatherer.rows.facts.statusReason ?? '', /does not record/);
});

test('pictures, tables, histograms and alerts are media, and no path leaves the folder', async (context) => {
  const { writer, file } = writerIn(context);
  writer.database.exec(
    "CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, title TEXT NOT NULL, text TEXT, level TEXT NOT NULL DEFAULT 'warn', step INTEGER, alert_id TEXT)",
  );
  writer.database
    .prepare('INSERT INTO alerts (run_id, timestamp, run_name, title, text, level, step) VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(writer.keyOf('a'), isoTime(1_770_000_000), 'a', 'Loss is high', 'It is 12.', 'error', 4);
  writer.log(
    'a',
    1,
    JSON.stringify({
      picture: { _type: 'trackio.image', file_path: 'lab/a/1/x.png', caption: 'a cat' },
      pictures: [0, 1].map((index) => ({ _type: 'trackio.image', file_path: `lab/a/1/${index}.jpg` })),
      outside: { _type: 'trackio.image', file_path: '../../secret.png' },
      absolute: { _type: 'trackio.image', file_path: '/etc/passwd' },
      table: { _type: 'trackio.table', _value: [{ a: 1 }] },
      weights: { _type: 'trackio.histogram', bins: [0, 1, 2], values: [3, 4] },
    }),
  );
  const { rows, problems } = await new Follower(file, writer.keyOf('a')).poll();
  assert.deepEqual(
    rows.media.map(({ tag, kind, index, mime, place }) => [
      tag,
      kind,
      index,
      mime,
      place.at === 'file' ? place.file : place.at,
    ]),
    [
      ['picture', 'image', 0, 'image/png', 'media/lab/a/1/x.png'],
      ['pictures', 'image', 0, 'image/jpeg', 'media/lab/a/1/0.jpg'],
      ['pictures', 'image', 1, 'image/jpeg', 'media/lab/a/1/1.jpg'],
      ['table', 'table', 0, 'application/vnd.trackio.table+json', 'inline'],
      ['weights', 'histogram', 0, 'application/vnd.trackio.histogram+json', 'inline'],
      ['alerts', 'text', 0, 'text/markdown', 'inline'],
    ],
  );
  assert.equal(rows.media[0]!.caption, 'a cat');
  assert.equal(problems.length, 2);
});

test('the folders of Trackio follow its environment', () => {
  assert.deepEqual(defaultTrackioFolders({ HOME: '/home/u' }), ['/home/u/.cache/huggingface/trackio']);
  assert.deepEqual(defaultTrackioFolders({ HOME: '/home/u', TRACKIO_DIR: '/data/trackio', HF_HOME: '~/hf' }), [
    '/data/trackio',
    '/home/u/hf/trackio',
  ]);
  assert.deepEqual(defaultTrackioFolders({ HOME: '/home/u', XDG_CACHE_HOME: '/x' }), ['/x/huggingface/trackio']);
  assert.deepEqual(defaultTrackioFolders({ TRACKIO_DIR: 'relative' }), []);
});
