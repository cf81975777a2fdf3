import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import fc from 'fast-check';
import type { FoundRun, ReaderCursor } from '../../../src/domain/records.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { describeArtifacts } from '../../../src/readers/mlflow/artifactTree.ts';
import { MlflowFolderReader } from '../../../src/readers/mlflow/folderReader.ts';
import { mlflowFormat } from '../../../src/readers/mlflow/format.ts';
import { MlflowSqlReader } from '../../../src/readers/mlflow/sqlReader.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';
import { fingerprint } from './support/sqlite.ts';

interface RunTruth {
  readonly start_time: number;
  readonly end_time: number;
  readonly status: number;
  readonly params: { readonly [key: string]: string };
  readonly tags: { readonly [key: string]: string };
  readonly metrics: {
    readonly [key: string]: {
      readonly count: number;
      readonly first: number;
      readonly last: number;
      readonly first_step: number;
      readonly last_step: number;
      readonly first_ts: number;
      readonly last_ts: number;
    };
  };
}
type StoreTruth = {
  readonly [experiment: string]: {
    readonly meta: { readonly name: string };
    readonly runs: { readonly [id: string]: RunTruth };
  };
};

const project = 'Finnk11__bilevel-rl';
const truth: StoreTruth = withoutCorpus
  ? {}
  : readTruth<{ [project: string]: StoreTruth }>('mlflow_filestore', 'truth.json')[project]!;

test('every run of the file store of the corpus gives its truth', { skip: withoutCorpus }, async () => {
  const root = path.join(corpus, 'mlflow_filestore', project);
  const { runs } = await discoverRuns(root);
  const expected = Object.entries(truth).flatMap(([experiment, { runs: own }]) =>
    Object.keys(own).map((id) => `mlruns/${experiment}/${id}`),
  );
  assert.deepEqual(
    runs
      .filter(({ source }) => source === 'mlflow')
      .map(({ path: folder }) => path.relative(root, folder))
      .toSorted(),
    expected.toSorted(),
  );
  for (const run of runs) {
    const experiment = truth[path.basename(path.dirname(run.path))]!;
    const gatherer = new Gatherer();
    await pollAll(openRun(run), gatherer, undefined, 500);
    checkRun(gatherer, experiment.runs[path.basename(run.path)]!, experiment.meta.name);
  }
});

function checkRun({ rows: { scalars, facts }, problems }: Gatherer, expected: RunTruth, experiment: string): void {
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.keys(scalars).toSorted(), Object.keys(expected.metrics).toSorted());
  for (const [tag, metric] of Object.entries(expected.metrics)) {
    const { steps, values, wallTimes } = scalars[tag]!;
    assert.deepEqual(
      [steps.length, values[0], values.at(-1), steps[0], steps.at(-1), wallTimes[0], wallTimes.at(-1)],
      [
        metric.count,
        metric.first,
        metric.last,
        metric.first_step,
        metric.last_step,
        metric.first_ts / 1000,
        metric.last_ts / 1000,
      ],
      tag,
    );
  }
  assert.deepEqual(facts.config, expected.params);
  assert.equal(facts.name, expected.tags['mlflow.runName']);
  assert.equal(facts.commit, expected.tags['mlflow.source.git.commit']);
  assert.equal(facts.project, experiment);
  assert.deepEqual([facts.startedAt, facts.endedAt], [expected.start_time / 1000, expected.end_time / 1000]);
  assert.equal(facts.status, { 3: 'finished', 4: 'failed', 5: 'killed' }[expected.status]);
}

const id = '0123456789abcdef0123456789abcdef';

/** A run as the file store lays it out. */
function writeRun(store: string, meta: object, files: { readonly [name: string]: string } = {}): string {
  const folder = path.join(store, '7', id);
  const all = {
    'meta.yaml': JSON.stringify({ run_id: id, status: 1, lifecycle_stage: 'active', ...meta }),
    '../meta.yaml': 'name: My experiment\n',
    ...files,
  };
  for (const name of ['metrics', 'params', 'tags', 'artifacts'])
    mkdirSync(path.join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

const runAt = (folder: string): FoundRun => ({
  source: 'mlflow',
  path: folder,
  root: folder,
  name: path.basename(folder),
});

test('lines of every form are read: no step, no number, words for what is no number, nested names, figures of the machine', async (context) => {
  const folder = writeRun(
    temporaryFolder(context),
    { start_time: 1_700_000_000_000 },
    {
      'metrics/val/loss (B)':
        '1700000000000 0.1 0\n1700000001500 nan 5\r\n1700000002000 inf 3\n1700000003000 -inf -1\n1700000003000 1e-300 1\n',
      'metrics/old': '1700000000000 2.5\n',
      'metrics/broken': 'x y z\n1700000000000 1 2 3\n1700000000000 7 1\n1700000000000 8 2',
      'metrics/system/cpu_utilization_percentage': '1700000000000 12.5 0\n1700000010000 13.5 1\n',
      'params/model/layers': '[1, 2]\nsecond line',
      'params/lr': '1e-05',
    },
  );
  const gatherer = new Gatherer();
  const reader = new MlflowFolderReader(runAt(folder));
  const polled = await reader.poll(undefined, { maxBytes: 1e6 });
  gatherer.take(polled);
  const { scalars, facts } = gatherer.rows;
  assert.deepEqual(scalars['val/loss (B)'], {
    steps: [0, 5, 3, -1, 1],
    wallTimes: [1.7e9, 1_700_000_001.5, 1_700_000_002, 1_700_000_003, 1_700_000_003],
    values: [0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-300],
  });
  assert.deepEqual(scalars['old'], { steps: [0], wallTimes: [1.7e9], values: [2.5] });
  // The last line has no end yet.
  assert.deepEqual(scalars['broken']?.values, [7]);
  assert.deepEqual(
    polled.problems.map(({ file, offset }) => [file, offset]),
    [
      ['metrics/broken', 0],
      ['metrics/broken', 6],
    ],
  );
  assert.deepEqual(
    polled.scalars.filter(({ system }) => system).map(({ tag }) => tag),
    ['system/cpu_utilization_percentage'],
  );
  assert.deepEqual(facts.config, { lr: '1e-05', 'model/layers': '[1, 2]\nsecond line' });
  assert.equal(facts.project, 'My experiment');
  assert.equal(facts.trackerId, id);
});

test('any cut of the files of metrics gives the same rows', async (context) => {
  const line = (step: number): string => `${1_700_000_000_000 + step} ${Math.sin(step)} ${step}\n`;
  const lines = (count: number): Uint8Array =>
    Buffer.from(Array.from({ length: count }, (_, step) => line(step)).join(''));
  await assertAnyCut({
    format: mlflowFormat,
    files: {
      'metrics/loss': lines(60),
      'metrics/val/acc': lines(9),
      'meta.yaml': Buffer.from(`run_id: ${id}\nstatus: 3\n`),
    },
    run: runAt,
    folder: path.join(temporaryFolder(context), 'run'),
  });
});

test('status is told with what it rests on', async (context) => {
  const store = temporaryFolder(context);
  const statusOf = async (meta: object, now = 1_700_000_100): Promise<readonly (string | undefined)[]> => {
    const folder = writeRun(store, meta, { 'metrics/loss': '1700000000000 1 0\n' });
    const { facts } = await new MlflowFolderReader(runAt(folder), () => now).poll(undefined, { maxBytes: 1e6 });
    return [facts.status, facts.statusReason];
  };
  assert.deepEqual(await statusOf({ status: 3 }), ['finished', 'MLflow has it as FINISHED.']);
  assert.deepEqual(await statusOf({ status: 4 }), ['failed', 'MLflow has it as FAILED.']);
  assert.equal((await statusOf({ status: 5 }))[0], 'killed');
  assert.equal((await statusOf({ status: 2 }))[0], 'queued');
  assert.equal((await statusOf({ status: 1 }))[0], 'running');
  const [status, reason] = await statusOf({ status: 1 }, 1_800_000_000);
  assert.equal(status, 'unknown');
  assert.match(reason!, /killed.*2023-11-14/);
  assert.match((await statusOf({ status: 3, lifecycle_stage: 'deleted' }))[1]!, /deleted in MLflow/);
});

test('a metric that was written anew starts the run anew', async (context) => {
  const folder = writeRun(temporaryFolder(context), {}, { 'metrics/loss': '1 1 0\n2 2 1\n', 'metrics/acc': '1 5 0\n' });
  const gatherer = new Gatherer();
  const reader = new MlflowFolderReader(runAt(folder));
  let cursor = await pollAll(reader, gatherer);
  appendFileSync(path.join(folder, 'metrics/loss'), '3 3 2\n');
  cursor = await pollAll(reader, gatherer, cursor);
  assert.equal(gatherer.resets, 0);
  assert.deepEqual(gatherer.rows.scalars['loss']!.values, [1, 2, 3]);
  writeFileSync(path.join(folder, 'metrics/loss'), '9 9 0\n');
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual(
    [gatherer.resets, gatherer.rows.scalars['loss']!.values, gatherer.rows.scalars['acc']!.values],
    [1, [9], [5]],
  );
  rmSync(path.join(folder, 'metrics/acc'));
  await pollAll(reader, gatherer, cursor);
  assert.deepEqual(Object.keys(gatherer.rows.scalars), ['loss']);
});

test('an address of artifacts that leads to a folder around the store is none, so that no disk is listed', async (context) => {
  const store = temporaryFolder(context);
  for (const artifact_uri of ['file:/', 'file:///', `file://${store}`, '..', path.dirname(store)]) {
    const folder = writeRun(store, { artifact_uri });
    rmSync(path.join(folder, 'artifacts'), { recursive: true });
    const { facts, media } = await new MlflowFolderReader(runAt(folder)).poll(undefined, { maxBytes: 1e6 });
    assert.deepEqual([facts.outputs, facts.artifacts, media], [undefined, undefined, []], artifact_uri);
  }
});

test('artifacts are found beside the run, wherever the store was written; pictures and tables among them are media', async (context) => {
  const folder = writeRun(
    temporaryFolder(context),
    { artifact_uri: 'file:///home/other/mlruns/7/x/artifacts' },
    {
      'artifacts/images/val#samples%step%5%timestamp%1700000000500%abc.png': 'x',
      'artifacts/images/val#samples%step%5%timestamp%1700000000500%abc%compressed.webp': 'x',
      'artifacts/plots/roc.png': 'x',
      'artifacts/eval.json': '{"columns": ["a"], "data": [[1]]}',
      'artifacts/other.json': '{}',
      'artifacts/model/confusion.png': 'x',
      'artifacts/model/MLmodel': 'flavors: sklearn',
      'tags/mlflow.loggedArtifacts': '[{"path": "eval.json", "type": "table"}]',
      'tags/mlflow.note.content': 'A note',
      'tags/team': 'vision',
    },
  );
  const { media, facts, cursor } = await new MlflowFolderReader(runAt(folder)).poll(undefined, { maxBytes: 1e6 });
  assert.deepEqual(facts.outputs, [path.join(folder, 'artifacts')]);
  assert.deepEqual(
    facts.artifacts?.map(({ name, type, fileCount, sizeBytes, files }) => [
      name,
      type,
      fileCount,
      sizeBytes,
      files[0]?.path,
    ]),
    [
      ['eval.json', undefined, 1, 33, 'eval.json'],
      ['images', undefined, 2, 2, 'val#samples%step%5%timestamp%1700000000500%abc%compressed.webp'],
      ['model', 'model', 2, 17, 'MLmodel'],
      ['other.json', undefined, 1, 2, 'other.json'],
      ['plots', undefined, 1, 1, 'roc.png'],
    ],
  );
  assert.equal(facts.artifacts?.[2]?.path, path.join(folder, 'artifacts', 'model'));
  assert.deepEqual([facts.trackerNote, facts.trackerLabels], ['A note', ['team: vision']]);
  assert.deepEqual(
    media.map(({ tag, kind, step, place }) => [tag, kind, step, place.at === 'file' && place.file]),
    [
      ['eval.json', 'table', 0, 'artifacts/eval.json'],
      ['val/samples', 'image', 5, 'artifacts/images/val#samples%step%5%timestamp%1700000000500%abc.png'],
      ['plots/roc.png', 'image', 0, 'artifacts/plots/roc.png'],
    ],
  );
  assert.equal(media[1]!.wallTime, 1_700_000_000.5);
  assert.deepEqual((await new MlflowFolderReader(runAt(folder)).poll(cursor, { maxBytes: 1e6 })).media, []);
});

test('a folder of artifacts without end is listed as far as a look goes, and links lead nowhere', async (context) => {
  const root = temporaryFolder(context);
  for (let folder = 0; folder < 30; folder++)
    for (let file = 0; file < 100; file++) {
      const place = path.join(root, 'artifacts', `f${String(folder).padStart(2, '0')}`, `${file}.bin`);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, 'x');
    }
  symlinkSync(root, path.join(root, 'artifacts', 'a-circle'));
  const listed = await describeArtifacts(path.join(root, 'artifacts'));
  assert.equal(listed.length, 30);
  const counted = listed.reduce((sum, { fileCount }) => sum + fileCount, 0);
  assert.equal(counted, 1_970, 'two thousand entries, of which thirty are the folders');
  assert.equal(listed[0]?.files.length, 20);
});

/** The tables of MLflow's SQL store, as mlflow/store/tracking/dbmodels/models.py declares them. */
function makeStore(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA synchronous = OFF;
    CREATE TABLE experiments (experiment_id INTEGER NOT NULL, name VARCHAR(256) NOT NULL, artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32), CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), UNIQUE (name));
    CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), source_type VARCHAR(20), user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER, CONSTRAINT run_pk PRIMARY KEY (run_uuid), CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED')));
    CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL, CONSTRAINT metric_pk PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
    CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, CONSTRAINT param_pk PRIMARY KEY (key, run_uuid));
    CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL, CONSTRAINT tag_pk PRIMARY KEY (key, run_uuid));
    INSERT INTO experiments VALUES (3, 'flow', '/elsewhere/3', 'active')`);
  return database;
}

function addRun(database: DatabaseSync, key: string, status = 'RUNNING'): void {
  database
    .prepare('INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      key,
      `run ${key}`,
      'LOCAL',
      'me',
      status,
      1_700_000_000_000,
      status === 'RUNNING' ? null : 1_700_000_900_000,
      'active',
      `/elsewhere/3/${key}/artifacts`,
      3,
    );
}

function addMetric(database: DatabaseSync, key: string, tag: string, value: number, step: number, isNan = 0): void {
  database
    .prepare('INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)')
    .run(tag, value, 1_700_000_000_000 + step, key, step, isNan);
}

test('the runs of a SQLite store are found and read, and the store is not touched', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'mlflow.db');
  const database = makeStore(file);
  context.after(() => database.close());
  addRun(database, 'aa', 'FAILED');
  addRun(database, 'bb');
  addMetric(database, 'aa', 'val/loss', 0.5, 3);
  addMetric(database, 'bb', 'val/loss', 7, 3);
  addMetric(database, 'aa', 'val/loss', 0, 1, 1);
  addMetric(database, 'aa', 'val/loss', Number.MAX_VALUE, 2);
  addMetric(database, 'aa', 'val/loss', -Number.MAX_VALUE, 2);
  addMetric(database, 'aa', 'system/gpu_0_utilization_percentage', 50, 0);
  database.exec(
    "INSERT INTO params VALUES ('lr', '0.1', 'aa'), ('lr', '0.2', 'bb'); INSERT INTO tags VALUES ('mlflow.parentRunId', 'cc', 'aa'), ('mlflow.runName', 'best one', 'bb')",
  );
  mkdirSync(path.join(folder, 'mlruns', '3', 'aa', 'artifacts', 'plots'), { recursive: true });
  writeFileSync(path.join(folder, 'mlruns', '3', 'aa', 'artifacts', 'plots', 'roc.png'), 'x');
  const before = fingerprint(file);
  const { runs } = await discoverRuns(folder);
  assert.deepEqual(
    runs.map(({ source, key, name }) => [source, key, name]),
    [
      ['mlflow', 'aa', 'run aa'],
      ['mlflow', 'bb', 'best one'],
    ],
  );
  const gatherer = new Gatherer();
  await pollAll(openRun(runs[0]!), gatherer);
  const { scalars, facts, media } = gatherer.rows;
  assert.deepEqual(scalars['val/loss']!.steps, [3, 1, 2, 2]);
  assert.deepEqual(scalars['val/loss']!.values, [0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.deepEqual(scalars['val/loss']!.wallTimes[0], 1_700_000_000.003);
  assert.deepEqual(
    [facts.status, facts.config, facts.project, facts.group, facts.endedAt],
    ['failed', { lr: '0.1' }, 'flow', 'cc', 1_700_000_900],
  );
  assert.deepEqual(
    media.map(({ place }) => place),
    [{ at: 'file', file: 'mlruns/3/aa/artifacts/plots/roc.png' }],
  );
  assert.deepEqual(fingerprint(file), before);
});

test('any interleaving of commits and polls gives the rows of the store', async (context) => {
  const folder = temporaryFolder(context);
  let count = 0;
  const property = fc.asyncProperty(
    fc.array(
      fc.tuple(
        fc.constantFrom('aa', 'bb'),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('log', 'vacuum', 'delete', 'finish'),
      ),
      { minLength: 1, maxLength: 10 },
    ),
    fc.integer({ min: 300, max: 4000 }),
    async (rounds, maxBytes) => {
      const file = path.join(folder, `mlflow${count++}.db`);
      const database = makeStore(file);
      for (const key of ['aa', 'bb']) addRun(database, key);
      const reader = new MlflowSqlReader({ source: 'mlflow', path: file, key: 'aa', root: folder, name: 'aa' });
      const gatherer = new Gatherer();
      let cursor: ReaderCursor | undefined;
      let step = 0;
      for (const [key, rows, what] of rounds) {
        database.exec('BEGIN');
        for (let row = 0; row < rows; row++) addMetric(database, key, `m${row % 3}`, Math.cos(++step), step);
        database.exec('COMMIT');
        if (what === 'vacuum') database.exec('VACUUM');
        if (what === 'delete') database.exec('DELETE FROM metrics WHERE step % 7 = 3');
        if (what === 'finish')
          database.exec("UPDATE runs SET status = 'FINISHED', end_time = 1700000001000 WHERE run_uuid = 'aa'");
        cursor = await pollAll(reader, gatherer, cursor, maxBytes);
      }
      const expected: { [tag: string]: { steps: number[]; wallTimes: number[]; values: number[] } } = {};
      for (const row of database
        .prepare("SELECT * FROM metrics WHERE run_uuid = 'aa' ORDER BY rowid")
        .all() as unknown as { key: string; value: number; step: number; timestamp: number }[]) {
        expected[row.key] ??= { steps: [], wallTimes: [], values: [] };
        expected[row.key]!.steps.push(row.step);
        expected[row.key]!.wallTimes.push(row.timestamp / 1000);
        expected[row.key]!.values.push(row.value);
      }
      assert.deepEqual(gatherer.rows.scalars, expected);
      assert.equal(
        gatherer.rows.facts.status === 'finished',
        rounds.some(([, , what]) => what === 'finish'),
      );
      database.close();
    },
  );
  await fc.assert(property, { numRuns: 15 });
});
