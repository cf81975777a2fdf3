import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import type { MediaRecord } from '../../../src/domain/records.ts';
import { discoverRuns, openRun } from '../../../src/readers/index.ts';
import { decodeMedia } from '../../../src/readers/media/decode.ts';
import { wandbFormat, wandbIdOf } from '../../../src/readers/wandb/format.ts';
import { pidInDebugLog, writerLife } from '../../../src/readers/wandb/writer.ts';
import { readMedia } from '../../../src/worker/runs/runFiles.ts';
import { corpus, withoutCorpus } from './support/corpus.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';
import { bytes, int, message } from './support/proto.ts';
import {
  configItems,
  exit,
  history,
  item,
  logBytes,
  logName,
  output,
  record,
  runFolderName,
  runRecord,
  stats,
  summaryRecord,
  timestamp,
  wandbRunAt,
  writeRun,
} from './support/wandbLog.ts';

async function readRun(folder: string): Promise<Gatherer> {
  const gatherer = new Gatherer();
  await pollAll(wandbFormat.open(wandbRunAt(folder)), gatherer);
  return gatherer;
}

async function read(
  context: Parameters<typeof temporaryFolder>[0],
  records: readonly Uint8Array[],
  files: { readonly [name: string]: string } = {},
): Promise<Gatherer> {
  return readRun(writeRun(temporaryFolder(context), logBytes(records), files));
}

test('the ids are in the names of folders', () => {
  const names = {
    'run-20260312_025007-yonnef03': 'yonnef03',
    'offline-run-20210216_154407-g9dvvkua': 'g9dvvkua',
    'dryrun-20180130_144602-9vmqjhgy': '9vmqjhgy',
    'run-20240101_000000-my-own-id': 'my-own-id',
    'latest-run': undefined,
    'run-of-mine': undefined,
  };
  for (const [name, id] of Object.entries(names)) assert.equal(wandbIdOf(name), id, name);
});

test('rows of all writers: keys with and without nesting, trees, texts, repeated and backward steps', async (context) => {
  const { rows } = await read(context, [
    history(5, { 'train/loss': 0.5, 'a|b': 1, c: 'true', d: 'null', e: '"word"' }),
    history(5, { 'train/loss': 'NaN', 'a|b': '-Infinity' }),
    history(2, { 'train/loss': 0.25, a: '{"b": 2, "x": {"y": NaN, "t": "text"}}', c: 'false' }, { style: 'key' }),
    // Neither `_step` nor `step`: the next one.
    record(2, message(1, item('train/loss', '8', 'key'))),
  ]);
  const table = Object.entries(rows.scalars).map(([tag, { steps, values }]) => [tag, steps, values]);
  assert.deepEqual(Object.fromEntries(table.map(([tag, ...rest]) => [tag, rest])), {
    'train/loss': [
      [5, 5, 2, 3],
      [0.5, Number.NaN, 0.25, 8],
    ],
    'a.b': [
      [5, 5, 2],
      [1, Number.NEGATIVE_INFINITY, 2],
    ],
    c: [
      [5, 2],
      [1, 0],
    ],
    'a.x.y': [[2], [Number.NaN]],
  });
  assert.deepEqual(
    rows.media.map(({ tag, step, kind, place }) => [tag, step, kind, place]),
    [
      ['e', 5, 'text', { at: 'inline', text: 'word' }],
      ['a.x.t', 2, 'text', { at: 'inline', text: 'text' }],
    ],
  );
  assert.deepEqual(rows.scalars['train/loss']!.wallTimes, [1005, 1005, 1002, 1002]);
});

test('figures of the machine are series of their own, also where a program logs under their names', async (context) => {
  const { rows } = await read(context, [
    history(1, { 'gpu.mine': 3, cpu: 1 }),
    stats(1001, { cpu: 50, 'gpu.0.temp': 70, network: '{"sent": 1, "recv": 2}' }),
    history(2, { cpu: 2, 'gpu.0.temp': 9 }),
    stats(1002, { cpu: 60, 'gpu.0.temp': 71 }),
  ]);
  const values = Object.entries(rows.scalars).map(([tag, found]) => [tag, [found.steps, found.values]]);
  assert.deepEqual(Object.fromEntries(values), {
    cpu: [
      [1, 2],
      [1, 2],
    ],
    'cpu (system)': [
      [0, 1],
      [50, 60],
    ],
    'gpu.0.temp': [
      [0, 1],
      [70, 71],
    ],
    'gpu.0.temp (logged)': [[2], [9]],
    'gpu.mine': [[1], [3]],
    'network.recv': [[0], [2]],
    'network.sent': [[0], [1]],
  });
  const folder = writeRun(
    temporaryFolder(context),
    logBytes([stats(1, { cpu: 1 }), history(0, { loss: 1, _runtime: 3 })]),
  );
  const { scalars } = await wandbFormat.open(wandbRunAt(folder)).poll(undefined, { maxBytes: 1e6 });
  assert.deepEqual(
    scalars.map(({ tag, system = false }) => [tag, system]),
    [
      ['loss', false],
      ['_runtime', true],
      ['cpu', true],
    ],
  );
});

/** Media of one logged object, whole or split into items. */
const asWhole = (object: object): Buffer => history(7, { m: JSON.stringify(object) }, { style: 'key' });
const asSplit = (object: object): Buffer =>
  history(7, Object.fromEntries(Object.entries(object).map(([name, value]) => [`m|${name}`, JSON.stringify(value)])));

const mediaCases: readonly (readonly [
  object: object,
  expected: readonly (readonly [kind: string, mime: string, file: string])[],
])[] = [
  [
    { _type: 'image-file', path: 'media/images/a.jpg', width: 4, height: 3, caption: 'c' },
    [['image', 'image/jpeg', 'files/media/images/a.jpg']],
  ],
  [
    { _type: 'images/separated', count: 2, format: 'png', filenames: ['media/images/a.png', 'media/images/b.png'] },
    [
      ['image', 'image/png', 'files/media/images/a.png'],
      ['image', 'image/png', 'files/media/images/b.png'],
    ],
  ],
  // Before 2021 the names followed from key, step and position.
  [
    { _type: 'images/separated', count: 2, format: 'png' },
    [
      ['image', 'image/png', 'files/media/images/m_7_0.png'],
      ['image', 'image/png', 'files/media/images/m_7_1.png'],
    ],
  ],
  [{ _type: 'images', count: 9, format: 'png' }, [['image', 'image/png', 'files/media/images/m_7.png']]],
  [{ _type: 'audio-file', path: 'media/audio/a.wav' }, [['audio', 'audio/wav', 'files/media/audio/a.wav']]],
  [
    { _type: 'audio', count: 1, audio: [{ _type: 'audio-file', path: 'media/audio/a.mp3' }] },
    [['audio', 'audio/mpeg', 'files/media/audio/a.mp3']],
  ],
  [
    { _type: 'videos', count: 1, videos: [{ _type: 'video-file', path: 'media/videos/a.mp4' }], captions: false },
    [['video', 'video/mp4', 'files/media/videos/a.mp4']],
  ],
  [{ _type: 'html-file', path: 'media/html/a.html' }, [['html', 'text/html', 'files/media/html/a.html']]],
  [
    { _type: 'table-file', path: 'media/table/a.table.json', ncols: 2, nrows: 1 },
    [['table', 'application/vnd.wandb.table+json', 'files/media/table/a.table.json']],
  ],
  [
    { _type: 'plotly-file', path: 'media/plotly/a.plotly.json' },
    [['other', 'application/vnd.plotly.v1+json', 'files/media/plotly/a.plotly.json']],
  ],
  [
    { _type: 'object3D-file', path: 'media/object3D/a.pts.json' },
    [['other', 'application/json', 'files/media/object3D/a.pts.json']],
  ],
  // Names that lead out of the run's files are none.
  [
    {
      _type: 'images/separated',
      count: 1,
      filenames: ['../../secret.png', '/etc/passwd', 'C:\\x.png', 'a/../../b.png'],
    },
    [],
  ],
];

for (const [object, expected] of mediaCases) {
  test(`media are found whole and split: ${JSON.stringify(object)}`, async (context) => {
    for (const logged of [asWhole(object), asSplit(object)]) {
      const { rows } = await read(context, [logged]);
      const found = rows.media.map(({ tag, step, kind, mime, place, index }) => {
        assert.deepEqual([tag, step], ['m', 7]);
        return [index, kind, mime, place.at === 'file' ? place.file : place];
      });
      assert.deepEqual(
        found,
        expected.map((record, index) => [index, ...record]),
      );
      assert.deepEqual(Object.keys(rows.scalars), [], 'Sizes and counts of media are no scalars.');
    }
  });
}

test('histograms and tables are decoded, wherever their bytes lie', async (context) => {
  const histogram = { _type: 'histogram', values: [1, 5, 2], bins: [0, 0.5, 1, 2] };
  const packed = { _type: 'histogram', values: [3, 4], packedBins: { min: -1, size: 0.5, count: 2 } };
  const table = { _type: 'table', columns: ['a'], data: [[1], ['x']] };
  const long = { a: JSON.stringify('x'.repeat(33_000)) };
  const content = async (records: readonly Uint8Array[]): Promise<unknown[]> => {
    const folder = writeRun(temporaryFolder(context), logBytes(records));
    const { rows } = await readRun(folder);
    const records2 = rows.media.filter(({ tag }) => tag === 'm');
    return Promise.all(records2.map((found) => decoded(folder, found)));
  };
  const plain = { edges: [0, 0.5, 1, 2], counts: [1, 5, 2] };
  assert.deepEqual(await content([asWhole(histogram), asSplit(histogram)]), [plain, plain]);
  assert.deepEqual(await content([asWhole(packed), asSplit(packed)]), [
    { edges: [-1, -0.5, 0], counts: [3, 4] },
    { edges: [-1, -0.5, 0], counts: [3, 4] },
  ]);
  assert.deepEqual(await content([asWhole(table)]), [{ columns: ['a'], rows: [[1], ['x']], totalRows: 2 }]);
  // In a record that crosses blocks, the bytes do not lie together.
  const split = { ...long, 'm|_type': '"histogram"', 'm|values': '[1,5,2]', 'm|bins': '[0,0.5,1,2]' };
  assert.deepEqual(
    await content([history(7, split), history(8, { ...long, m: JSON.stringify(histogram) }, { style: 'key' })]),
    [plain, plain],
  );
  // Items of others between those of the histogram.
  const mixed = { 'm|_type': '"histogram"', x: 3, 'm|values': '[1,5,2]', 'm|bins': '[0,0.5,1,2]' };
  assert.deepEqual(await content([history(7, mixed)]), [plain]);
});

async function decoded(folder: string, found: MediaRecord): Promise<unknown> {
  const result = decodeMedia(found, await readMedia(wandbRunAt(folder), found));
  assert.ok(result.ok, result.ok ? '' : result.message);
  return JSON.parse(new TextDecoder().decode(result.value.bytes));
}

test('a link below files that leads elsewhere gives no bytes', async (context) => {
  const parent = temporaryFolder(context);
  const folder = writeRun(parent, logBytes([asWhole({ _type: 'image-file', path: 'media/images/a.png' })]));
  writeFileSync(path.join(parent, 'secret.png'), 'secret');
  mkdirSync(path.join(folder, 'files/media/images'), { recursive: true });
  symlinkSync(path.join(parent, 'secret.png'), path.join(folder, 'files/media/images/a.png'));
  const { rows } = await readRun(folder);
  await assert.rejects(readMedia(wandbRunAt(folder), rows.media[0]!));
});

test('facts come from the log and from the files around it', async (context) => {
  const run = runRecord(
    'abcd1234',
    message(4, configItems({ lr: '0.1', _wandb: '{}' })),
    bytes(6, 'group one'),
    bytes(8, 'fine name'),
    bytes(9, 'my note'),
    bytes(10, 'x'),
    bytes(10, 'y'),
    bytes(13, 'machine'),
    int(14, 40),
    int(18, 1),
    message(21, bytes(2, 'c0ffee')),
  );
  const environment = record(
    26,
    timestamp(3, 990),
    bytes(5, '--x'),
    bytes(5, 'a b'),
    bytes(6, '-m pkg.train'),
    bytes(11, '/work'),
    bytes(12, 'machine'),
    bytes(14, '/usr/bin/python3'),
    bytes(18, 'NVIDIA H100'),
    int(19, 8),
  );
  const metric = record(12, bytes(1, 'val/acc'), bytes(4, 'epoch'), message(7, int(2, 1)));
  const goal = record(12, bytes(1, 'loss'), int(8, 1));
  const update = record(
    5,
    message(1, item(['net', 'depth'], '3')),
    message(1, item('nan', 'NaN', 'key')),
    message(2, item('gone', '', 'key')),
  );
  const { rows } = await read(
    context,
    [
      run,
      environment,
      metric,
      goal,
      update,
      summaryRecord({ loss: 2, 'a|b': 1 }),
      summaryRecord({ loss: 1 }, 'key'),
      history(41, { loss: 1 }),
      exit(0),
    ],
    {
      'files/config.yaml':
        'wandb_version: 1\n_wandb:\n  value: {}\nfrom_file:\n  desc: null\n  value: 7\nlr:\n  value: 9\n',
      'files/output.log': 'hello\n',
      'files/diff.patch': 'diff',
    },
  );
  const { statusReason: _, console: consoles, configFiles, ...facts } = rows.facts;
  assert.deepEqual(facts, {
    name: 'fine name',
    trackerId: 'abcd1234',
    project: 'project',
    group: 'group one',
    trackerLabels: ['x', 'y'],
    trackerNote: 'my note',
    createdAt: 1000,
    startedAt: 1000,
    endedAt: 1041,
    status: 'finished',
    config: { from_file: 7, lr: 0.1, net: { depth: 3 }, nan: 'NaN' },
    summary: { loss: 1, a: { b: 1 } },
    definitions: [
      {
        tag: 'val/acc',
        title: 'val/acc',
        unit: '',
        direction: 'maximize',
        version: 1,
        description: 'Logged to be drawn over epoch.',
        primary: true,
      },
      { tag: 'loss', title: 'loss', unit: '', direction: 'minimize', version: 1, description: '', primary: true },
    ],
    restarts: [{ step: 40, wallTime: 1000 }],
    command: ['/usr/bin/python3', '-m', 'pkg.train', '--x', 'a b'],
    cwd: '/work',
    host: 'machine',
    device: '8 × NVIDIA H100',
    commit: 'c0ffee',
    dirty: true,
  });
  assert.deepEqual([consoles?.length, consoles?.[0]?.encoding, configFiles?.length], [1, 'text', 1]);
});

test('the last exit record tells the end; without one, the process and the last writing do', async (context) => {
  const status = async (
    records: readonly Uint8Array[],
    files: { readonly [name: string]: string } = {},
  ): Promise<readonly unknown[]> => {
    const { facts } = (await read(context, [runRecord('abcd1234', bytes(13, os.hostname())), ...records], files)).rows;
    return [facts.status, facts.statusReason];
  };
  assert.equal((await status([exit(0)]))[0], 'finished');
  assert.equal((await status([exit(1), exit(0), stats(1100, { cpu: 1 })]))[0], 'finished');
  assert.deepEqual(await status([exit(255)]), ['killed', 'Interrupted: W&B recorded exit code 255.']);
  const traceback =
    'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    main()\nValueError: bad shape\n';
  const failed = await status([exit(1)], { 'files/output.log': traceback });
  assert.equal(failed[0], 'failed');
  assert.match(String(failed[1]), /exit code 1.*ValueError: bad shape/);
  // The same without output.log, as offline runs have it.
  const offline = await status([
    output(1001, 'step 1\n'),
    ...traceback.split(/(?<= )/).map((line) => output(1002, line)),
    exit(1),
  ]);
  assert.match(String(offline[1]), /ValueError: bad shape/);
  const lost = await status([stats(1100, { cpu: 1 })]);
  assert.deepEqual(lost, ['lost', 'W&B wrote no exit record. Last sign of life 1970-01-01 00:18:20 UTC.']);
  const now = Date.now() / 1000;
  assert.equal((await status([stats(now, { cpu: 1 })]))[0], 'running');
  assert.equal((await status([stats(now - 7200, { cpu: 1 })]))[0], 'lost');
  const debugLog = (pid: number): { readonly [name: string]: string } => ({
    'logs/debug.log': `2026-03-12 02:50:07,907 INFO    MainThread:${pid} [wandb_setup.py:_flush():81] Current SDK version\n`,
  });
  const self = record(26, timestamp(3, now), bytes(12, os.hostname()));
  assert.deepEqual(await status([self], debugLog(process.pid)), ['running', `Process ${process.pid} is alive.`]);
  const gone = await status([self, stats(now - 600, { cpu: 1 })], debugLog(2 ** 22 + 5));
  assert.equal(gone[0], 'killed');
  assert.match(String(gone[1]), /is gone and W&B wrote no exit record/);
});

test('a process with the same number that began after the run is another one', async () => {
  const writer = { pid: 7, host: os.hostname(), startedAt: 1000 };
  assert.equal(await writerLife(writer, async () => ({ startedAt: 990 })), 'alive');
  assert.equal(await writerLife(writer, async () => ({ startedAt: 2000 })), 'gone');
  assert.equal(await writerLife(writer, async () => undefined), 'gone');
  assert.equal(await writerLife({ ...writer, host: 'elsewhere' }, async () => undefined), 'elsewhere');
  assert.equal(pidInDebugLog('2021-02-16 15:44:07,003 INFO    MainThread:92811 [wandb_init.py:x:1] text'), 92811);
});

test('a run may lack its log and any of its files; links and copies of the latest run are no runs', async (context) => {
  const parent = temporaryFolder(context);
  const folder = writeRun(parent, undefined, {
    'files/wandb-metadata.json': '{"host": "there", "program": "a.py", "startedAt": "2021-02-16T23:44:07.003488"}',
  });
  symlinkSync(folder, path.join(parent, 'wandb', 'latest-run'));
  symlinkSync('/nowhere/at/all', path.join(folder, 'files', 'output.log'));
  const { runs } = await discoverRuns(parent);
  assert.deepEqual(
    runs.map((run) => [run.source, run.path]),
    [['wandb', folder]],
  );
  const { rows, problems } = await readRun(folder);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [rows.facts.trackerId, rows.facts.host, rows.facts.startedAt, rows.facts.command, rows.facts.console],
    ['abcd1234', 'there', 1613519047.003488, ['python', 'a.py'], undefined],
  );
  // The log appears later.
  const reader = wandbFormat.open(wandbRunAt(folder));
  const gatherer = new Gatherer();
  const cursor = await pollAll(reader, gatherer);
  writeFileSync(path.join(folder, logName), logBytes([history(1, { loss: 1 })]));
  await pollAll(reader, gatherer, cursor);
  assert.deepEqual(gatherer.rows.scalars['loss']?.values, [1]);
});

test('a transaction log is known by its first bytes, and read alone', async (context) => {
  const log = logBytes([history(1, { loss: 1 })]);
  assert.ok(wandbFormat.matchFile!('any.name', log));
  assert.ok(!wandbFormat.matchFile!('run-x.wandb', log.subarray(1)));
  const folder = writeRun(temporaryFolder(context), log);
  writeFileSync(path.join(folder, 'run-other.wandb'), logBytes([history(1, { other: 2 })]));
  const gatherer = new Gatherer();
  await pollAll(wandbFormat.openFile!(wandbRunAt(folder), 'run-other.wandb'), gatherer);
  assert.deepEqual(Object.keys(gatherer.rows.scalars), ['other']);
});

const oldHistory = [
  '{"loss": 1.5, "acc": NaN, "n": {"a": 2}, "_runtime": 1.5, "_timestamp": 1001.5, "_step": 0}',
  '{"loss": 1.25, "img": {"_type": "images", "count": 2, "width": 8, "height": 8, "format": "png"}, "_runtime": 2, "_timestamp": 1002, "_step": 1}',
  '{"loss": 1.0, "_runtime": 3, "_timestamp": 1003, "_step": 2}',
].join('\n');
const oldEvents = '{"system.cpu": 12.5, "system.network.sent": 7, "_wandb": true, "_timestamp": 1002, "_runtime": 2}\n';

test('runs of versions before 0.10 are read from their lines of JSON', async (context) => {
  const parent = temporaryFolder(context);
  const folder = path.join(parent, 'wandb', 'dryrun-20200101_101112-abcd1234');
  mkdirSync(folder, { recursive: true });
  const file = (name: string, content: string): void => writeFileSync(path.join(folder, name), content);
  file('wandb-history.jsonl', oldHistory);
  file('wandb-events.jsonl', oldEvents);
  file('config.yaml', 'wandb_version: 1\nlr:\n  desc: null\n  value: 0.5\n');
  file(
    'wandb-metadata.json',
    '{"state": "failed", "exitcode": 3, "program": "t.py", "args": ["-x"], "name": "old one", "startedAt": "1970-01-01T00:16:40"}',
  );
  file('wandb-summary.json', '{"loss": 1.0}');
  file('output.log', 'text\n');
  const { runs } = await discoverRuns(parent);
  assert.deepEqual(
    runs.map((run) => run.source),
    ['wandb'],
  );
  const reader = wandbFormat.open(runs[0]!);
  const gatherer = new Gatherer();
  const cursor = await pollAll(reader, gatherer);
  assert.deepEqual(gatherer.rows.scalars['loss']!.values, [1.5, 1.25], 'The last line has no end yet.');
  appendFileSync(path.join(folder, 'wandb-history.jsonl'), '\nnot json\n');
  await pollAll(reader, gatherer, cursor);
  const { scalars, media, facts } = gatherer.rows;
  assert.deepEqual(scalars['loss'], { steps: [0, 1, 2], wallTimes: [1001.5, 1002, 1003], values: [1.5, 1.25, 1] });
  assert.deepEqual([scalars['acc']!.values, scalars['n.a']!.values], [[Number.NaN], [2]]);
  assert.deepEqual(
    [scalars['cpu'], scalars['network.sent']!.values],
    [{ steps: [0], wallTimes: [1002], values: [12.5] }, [7]],
  );
  assert.deepEqual(media[0]?.place, { at: 'file', file: 'media/images/img_1.png' });
  assert.equal(gatherer.problems.length, 1);
  const { name, status, statusReason, config, command, trackerId, startedAt, summary } = facts;
  assert.deepEqual(
    { name, status, config, command, trackerId, startedAt, summary },
    {
      name: 'old one',
      status: 'failed',
      config: { lr: 0.5 },
      command: ['python', 't.py', '-x'],
      trackerId: 'abcd1234',
      startedAt: 1000,
      summary: { loss: 1 },
    },
  );
  assert.match(statusReason!, /exit code 3/);
});

test('any cut of the lines of an old run gives the same rows', async (context) => {
  await assertAnyCut({
    format: wandbFormat,
    files: { 'wandb-history.jsonl': Buffer.from(`${oldHistory}\n`), 'wandb-events.jsonl': Buffer.from(oldEvents) },
    run: wandbRunAt,
    folder: path.join(temporaryFolder(context), runFolderName),
    runs: 20,
  });
});

/** Records of `run.log_artifact` and `run.use_artifact` in a run that is offline (wandb_internal.proto, ArtifactRecord and UseArtifactRecord). */
function artifactRecord(name: string, clientId: string, aliases: readonly string[], files: readonly Uint8Array[] = []) {
  return record(
    8,
    Buffer.concat([
      bytes(4, 'model'),
      bytes(5, name),
      bytes(6, 'abc'),
      bytes(7, 'Weights ü'),
      ...aliases.map((alias) => bytes(11, alias)),
      message(12, int(1, 1), bytes(2, 'wandb-storage-policy-v1'), ...files.map((file) => bytes(4, file))),
      bytes(15, clientId),
    ]),
  );
}
const artifactFile = (file: string, size: number, local: string) =>
  Buffer.concat([bytes(1, file), bytes(2, 'digest'), int(4, size), bytes(6, local)]);

test('artifacts are listed with their files; one that is told again is the same, another version is another', async (context) => {
  const many = Array.from({ length: 30 }, (_, index) => artifactFile(`part-${index}`, 1000, `/tmp/part-${index}`));
  const records = [
    runRecord('abcd1234'),
    record(25, Buffer.concat([bytes(1, 'id'), bytes(2, 'dataset'), bytes(3, 'mnist:v3')])),
    artifactRecord('unet', 'one', [], [artifactFile('unet.pt', 5, '/lab/unet.pt')]),
    artifactRecord('unet', 'one', ['best', 'latest'], [artifactFile('unet.pt', 7, '/lab/unet.pt')]),
    artifactRecord('unet', 'two', [], many),
    record(8, bytes(4, 'of no name')),
  ];
  const {
    rows: { facts },
  } = await read(context, records);
  const known = { type: 'model', use: 'made', description: 'Weights ü', digest: 'abc' };
  const [used, first, second, ...rest] = facts.artifacts ?? [];
  assert.deepEqual(used, { name: 'mnist:v3', use: 'used', fileCount: 0, sizeBytes: 0, files: [], type: 'dataset' });
  assert.deepEqual(first, {
    ...known,
    name: 'unet',
    aliases: ['best', 'latest'],
    fileCount: 1,
    sizeBytes: 7,
    files: [{ path: 'unet.pt', sizeBytes: 7, from: '/lab/unet.pt' }],
  });
  assert.deepEqual(
    [second?.fileCount, second?.sizeBytes, second?.files.length, second?.aliases],
    [30, 30_000, 20, undefined],
  );
  assert.deepEqual(rest, []);
});

test('the code that W&B saved at the start of a real run is one of its artifacts', {
  skip: withoutCorpus,
}, async () => {
  const folder = path.join(corpus, 'wandb/wandb__wandb/tests');
  const { runs } = await discoverRuns(folder);
  const found = runs.find(({ path: place }) => place.endsWith('offline-run-20210216_154407-g9dvvkua'));
  assert.ok(found !== undefined);
  const { artifacts } = (await readRun(found.path)).rows.facts;
  assert.deepEqual(
    artifacts?.map(({ name, type, aliases, fileCount, files }) => [name, type, aliases, fileCount, files[0]?.path]),
    [['source-g9dvvkua', 'code', ['latest'], 54, 'all_media_types.py']],
  );
});

test('transaction logs that somebody brought together in one folder are runs of their own, without what lies around them', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'collected');
  mkdirSync(path.join(folder, 'files'), { recursive: true });
  writeFileSync(path.join(folder, 'files/config.yaml'), 'lr:\n  value: 3\n');
  for (const [id, value] of [
    ['one', 1],
    ['two', 2],
  ] as const)
    writeFileSync(
      path.join(folder, `run-${id}.wandb`),
      logBytes([runRecord(id), history(0, { loss: value }), exit(0)]),
    );
  const { runs } = await discoverRuns(root);
  assert.deepEqual(
    runs.map(({ source, path: file, name }) => [source, path.relative(root, file), name]),
    [
      ['wandb', 'collected/run-one.wandb', 'collected/run-one'],
      ['wandb', 'collected/run-two.wandb', 'collected/run-two'],
    ],
  );
  for (const [index, run] of runs.entries()) {
    const gatherer = new Gatherer();
    await pollAll(openRun(run), gatherer);
    const { scalars, facts } = gatherer.rows;
    assert.deepEqual(scalars['loss']?.values, [index + 1]);
    assert.deepEqual([facts.trackerId, facts.config], [['one', 'two'][index], undefined]);
  }
});
