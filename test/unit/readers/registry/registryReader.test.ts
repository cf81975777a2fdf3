import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { FoundRun } from '../../../../src/domain/records.ts';
import { discoverRuns } from '../../../../src/readers/index.ts';
import { registryFormat } from '../../../../src/readers/registry/format.ts';
import { RegistryReader } from '../../../../src/readers/registry/reader.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { assertAnyCut, Gatherer, pollAll } from '../support/cuts.ts';
import { temporaryFolder } from '../support/events.ts';

const blank = {
  status: 'pending',
  result_file: null,
  error_msg: null,
  exit_code: null,
  started_at: null,
  completed_at: null,
  gpu: null,
  metrics: {},
  marked_for_rerun: false,
  retry_count: 0,
};
type Entry = { readonly [key: string]: unknown };
const meta = { created_at: '2026-01-19T11:41:30.963742', last_updated: '2026-01-21T10:27:31.048762', job_id: '152912' };
const local = (text: string): number => Date.parse(text) / 1000;

interface Lab {
  readonly root: string;
  readonly file: string;
  /** Replaces the registry as its scripts do: a temporary file and a rename. NaN is written bare. */
  write(experiments: { readonly [name: string]: Entry }): void;
  put(name: string, content: string): string;
  run(name: string): FoundRun;
}

function lab(context: TestContext): Lab {
  const root = temporaryFolder(context);
  const file = path.join(root, 'runs', 'experiment_registry.json');
  const put = (name: string, content: string): string => {
    const place = path.join(root, name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
    return place;
  };
  return {
    root,
    file,
    put,
    write: (experiments) => {
      const entries = Object.entries(experiments).map(([name, entry]) => [name, { ...blank, ...entry }]);
      const text = JSON.stringify({ meta, experiments: Object.fromEntries(entries) }, undefined, 2);
      renameSync(put('runs/.registry_x.tmp', text.replaceAll('"NaN"', 'NaN')), file);
    },
    run: (name) => ({ source: 'registry', root, path: file, key: name, name }),
  };
}

async function read(run: FoundRun, now = Date.now() / 1000): Promise<Gatherer> {
  const gatherer = new Gatherer();
  await pollAll(new RegistryReader(run, { now: () => now, namesAgeSeconds: 0 }), gatherer);
  return gatherer;
}

test('each experiment is a run with its status in words', async (context) => {
  const { root, write, run } = lab(context);
  const at = { started_at: '2026-01-19T10:02:00.000120', completed_at: '2026-01-19T10:02:14.553901' };
  write({
    done: { ...at, status: 'completed', exit_code: 0, gpu: 1 },
    broken: {
      ...at,
      status: 'failed',
      exit_code: 1,
      error_msg: "ModuleNotFoundError: No module named 'peft'",
      error_category: 'import',
      marked_for_rerun: true,
      retry_count: 2,
    },
    waiting: { retry_count: 5 },
    busy: { ...at, status: 'running' },
    odd: { status: 'paused' },
  });
  const { runs } = await discoverRuns(root);
  assert.deepEqual(
    runs.map(({ source, key }) => [source, key]),
    ['done', 'broken', 'waiting', 'busy', 'odd'].map((name) => ['registry', name]),
  );
  const soon = local('2026-01-19T11:00:00');
  const facts = async (name: string, now = soon) => (await read(run(name), now)).rows.facts;
  const done = await facts('done');
  assert.deepEqual([done.status, done.statusReason], ['finished', 'The registry says completed, exit code 0.']);
  assert.deepEqual([done.device, done.cwd, done.trackerLabels], ['GPU 1', root, []]);
  assert.deepEqual(
    [done.startedAt, done.endedAt],
    [local('2026-01-19T10:02:00') + 0.00012, local('2026-01-19T10:02:14') + 0.553901],
  );
  const broken = await facts('broken');
  assert.deepEqual(
    [broken.status, broken.statusReason],
    ['failed', "The registry says failed (import), exit code 1: ModuleNotFoundError: No module named 'peft'."],
  );
  assert.deepEqual(broken.trackerLabels, ['marked for re-run', 'attempt 3', 'import']);
  assert.equal((await facts('waiting')).statusReason, 'The registry says pending, after 5 attempts.');
  assert.deepEqual([(await facts('busy')).status, (await facts('busy')).endedAt], ['running', undefined]);
  const later = await facts('busy', soon + 3 * 86_400);
  assert.equal(later.status, 'lost');
  assert.match(
    later.statusReason!,
    /^The registry says running since .* UTC, which is more than a day, and it has no log\.$/,
  );
  assert.equal((await facts('odd')).status, 'unknown');
});

test('numbers of the registry and of the result file are points, its history a series', async (context) => {
  const { write, put, run, file } = lab(context);
  const ended = '2026-01-19T03:40:51.202001';
  write({
    bridge: {
      status: 'completed',
      started_at: '2026-01-19T02:11:09',
      completed_at: ended,
      result_file: 'runs/bridge_1/results.json',
      metrics: { accuracy: 68, nested: { f1: 'NaN' }, note: 'text' },
      seed: 42,
    },
  });
  const text = JSON.stringify({
    accuracy: 67,
    config: { lr: 0.0002, depth: 2 },
    library_versions: { cudnn: 90_100 },
    final: { latency_ms: 4.2, bad: 'NaN', flags: [1, 2, 3] },
    training_log: [
      { step: 50, type: 'metrics', loss: 2.7, deep: { norm: 163.5 } },
      { step: 100, type: 'metrics', loss: 2.5, timestamp: 1_768_800_000.5 },
      { step: 100, loss: 2.25 },
    ],
    losses: [3, 2, 1],
  });
  const results = put('runs/bridge_1/results.json', text.replaceAll('"NaN"', 'NaN'));
  const { rows, problems } = await read(run('bridge'));
  assert.deepEqual(problems, []);
  const at = local('2026-01-19T03:40:51') + 0.202001;
  assert.deepEqual(rows.scalars, {
    accuracy: { steps: [0], wallTimes: [at], values: [68] },
    'nested/f1': { steps: [0], wallTimes: [at], values: [Number.NaN] },
    'final/latency_ms': { steps: [0], wallTimes: [at], values: [4.2] },
    'final/bad': { steps: [0], wallTimes: [at], values: [Number.NaN] },
    'training_log/loss': { steps: [50, 100, 100], wallTimes: [at, 1_768_800_000.5, at], values: [2.7, 2.5, 2.25] },
    'training_log/deep/norm': { steps: [50], wallTimes: [at], values: [163.5] },
    losses: { steps: [0, 1, 2], wallTimes: [at, at, at], values: [3, 2, 1] },
  });
  assert.deepEqual(rows.facts.config, { lr: 0.0002, depth: 2, seed: 42 });
  assert.deepEqual(rows.facts.summary, { accuracy: 68, nested: { f1: 'NaN' }, note: 'text' });
  assert.deepEqual([rows.facts.configFiles, rows.facts.outputs], [[file], [results]]);
});

test('folders and logs are those of the attempt that the registry speaks of', async (context) => {
  const { write, put, run, root } = lab(context);
  const attempt = { status: 'completed', started_at: '2026-01-19T20:54:04.293352' };
  write({ bridge_8: attempt, bridge: attempt });
  const old = put('runs/final_20260118_011605/novel/bridge_8.log', 'old');
  const own = put('runs/final_20260119_205402/novel/bridge_8.log', 'own');
  const later = put('runs/final_20260120_205402/novel/bridge_8.log', 'later');
  const inside = put('runs/bridge_8_20260119_205405/train.log', 'inside');
  put('runs/bridge_8_20260119_205405/eval_results.json', '{"score": 3}');
  put('runs/bridge_8_large/other.log', 'of another experiment');
  put('runs/.cache/bridge_8.log', 'hidden');
  const { facts, scalars } = (await read(run('bridge_8'))).rows;
  assert.deepEqual(
    facts.console?.map(({ file }) => file),
    [inside, own, old, later],
  );
  assert.equal(facts.console![0]!.title, 'bridge_8_20260119_205405/train.log');
  assert.equal(facts.outputs![0], path.join(root, 'runs', 'bridge_8_20260119_205405'));
  assert.deepEqual(scalars['score']?.values, [3]);
  assert.equal((await read(run('bridge'))).rows.facts.console, undefined);
});

test('a replaced registry is followed; what is run again starts anew', async (context) => {
  const { write, put, run, file } = lab(context);
  const reader = new RegistryReader(run('a'), { namesAgeSeconds: 0 });
  const gatherer = new Gatherer();
  write({ a: { status: 'running', started_at: '2026-01-19T20:54:04' } });
  let cursor = await pollAll(reader, gatherer);
  assert.deepEqual(gatherer.rows.scalars, {});
  write({ a: { status: 'completed', started_at: '2026-01-19T20:54:04', metrics: { loss: 1 } }, b: {} });
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']!.values], [0, [1]]);
  // Another experiment changes, and the file is another one: nothing of this one is void.
  write({
    a: { status: 'completed', started_at: '2026-01-19T20:54:04', metrics: { loss: 1 } },
    b: { status: 'failed' },
  });
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']!.values], [0, [1]]);
  write({ a: { status: 'completed', started_at: '2026-01-20T20:54:04', metrics: { loss: 0.5 } } });
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.scalars['loss']!.values], [1, [0.5]]);
  // Half a copy of the file is no news but a problem; the rows stay.
  put('runs/experiment_registry.json', '{"meta": {}, "experiments": {"a": {"sta');
  cursor = await pollAll(reader, gatherer, cursor);
  assert.match(gatherer.problems[0]!.message, /does not hold JSON/);
  assert.deepEqual(gatherer.rows.scalars['loss']!.values, [0.5]);
  write({ b: {} });
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual(
    [gatherer.resets, gatherer.rows.facts.statusReason],
    [1, 'The registry no longer names this experiment.'],
  );
  utimesSync(file, 1, 1);
});

test('other registries are none, and results outside the folder are not read', async (context) => {
  const { root, write, put, run } = lab(context);
  put('runs/model_registry.json', '{"experiments": ["a"]}');
  put('data/registry.json', '[1, 2');
  put('data/artifact_registry.json', '{"experiments": {"a": {"path": "x"}}}');
  const outside = path.join(temporaryFolder(context), 'results.json');
  writeFileSync(outside, '{"secret": 1}');
  assert.deepEqual((await discoverRuns(root)).runs, []);
  write({
    a: { status: 'completed', result_file: outside },
    b: { status: 'completed', result_file: '../../results.json' },
  });
  assert.deepEqual((await read(run('a'))).rows.scalars, {});
  assert.deepEqual((await read(run('b'))).rows.scalars, {});
  // A path of the machine that it ran on is found by its end.
  put('runs/c_1/results.json', '{"score": 2}');
  write({ c: { status: 'completed', result_file: '/projects/m000066/lab/runs/c_1/results.json' } });
  assert.deepEqual((await read(run('c'))).rows.scalars['score']?.values, [2]);
});

test('any cut of registry and results tells the same', async (context) => {
  const folder = path.join(temporaryFolder(context), 'lab');
  const entry = {
    ...blank,
    status: 'completed',
    started_at: '2026-01-19T20:54:04',
    completed_at: '2026-01-19T21:00:00',
  };
  const registry = {
    meta,
    experiments: { a: { ...entry, metrics: { 'train/loss': 0.1 }, result_file: 'runs/a_1/r.json' } },
  };
  await assertAnyCut({
    format: registryFormat,
    files: {
      'runs/experiment_registry.json': Buffer.from(JSON.stringify(registry, undefined, 2)),
      'runs/a_1/r.json': Buffer.from('{"score": NaN, "history": {"loss": [3, 2, 1]}}'),
    },
    folder,
    run: (root) => ({
      source: 'registry',
      root,
      path: path.join(root, 'runs/experiment_registry.json'),
      key: 'a',
      name: 'a',
    }),
    compare: ({ scalars, facts }) => ({ scalars, status: facts.status, endedAt: facts.endedAt }),
  });
});

test('the registry that a real script writes is followed while it runs', async (context) => {
  const sample = makeSample('telepathy');
  context.after(() => sample.dispose());
  const run: FoundRun = {
    source: 'registry',
    root: sample.folder,
    path: path.join(sample.folder, 'runs', 'experiment_registry.json'),
    key: 'bridge_16',
    name: 'bridge_16',
  };
  const reader = new RegistryReader(run, { namesAgeSeconds: 0 });
  const gatherer = new Gatherer();
  const cursor = await pollAll(reader, gatherer);
  assert.deepEqual(
    [gatherer.rows.facts.status, gatherer.rows.facts.trackerLabels],
    ['failed', ['attempt 2', 'import']],
  );
  execFileSync('python3', ['telepathy/run_experiments.py', 'bridge_16'], { cwd: sample.folder, stdio: 'ignore' });
  await pollAll(reader, gatherer, cursor);
  const { facts, scalars } = gatherer.rows;
  assert.deepEqual([facts.status, scalars['latency_ms']!.values], ['finished', [4.2]]);
  assert.match(facts.outputs![0]!, /runs\/bridge_16_\d{8}_\d{6}$/);
});
