import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { FoundRun } from '../../../src/domain/records.ts';
import { discoverRuns, SeriesSummary } from '../../../src/readers/index.ts';
import { wandbFormat } from '../../../src/readers/wandb/format.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';
import { Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

interface KeyTruth {
  readonly count: number;
  readonly first: unknown;
  readonly last: unknown;
  readonly first_step?: number;
  readonly last_step?: number;
}

interface LogTruth {
  readonly bad_crc: number;
  readonly config_final: { readonly [key: string]: unknown };
  readonly environment?: { readonly host: string; readonly program: string };
  readonly exit?: { readonly exit_code: number; readonly runtime: number };
  readonly history: { readonly [key: string]: KeyTruth };
  readonly metadata_json?: { readonly host: string; readonly program: string; readonly args: string[] | null };
  readonly output_log?: { readonly bytes: number };
  readonly output_records: number;
  readonly run?: {
    readonly display_name: string;
    readonly group: string;
    readonly host: string;
    readonly project: string;
    readonly run_id: string;
    readonly start_time: number;
    readonly tags: readonly string[];
  };
  readonly stats: { readonly [key: string]: KeyTruth };
  readonly stats_first_ts?: number;
  readonly stats_last_ts?: number;
  readonly summary_json?: { readonly [key: string]: unknown };
  readonly summary_records_final: { readonly [key: string]: unknown };
  readonly valid_end: number;
}

type Truths = { readonly [file: string]: LogTruth };
const truths: Truths = withoutCorpus ? {} : readTruth('wandb', 'truth.json');
const cutTruths: Truths = withoutCorpus ? {} : readTruth<{ wandb: Truths }>('truncated', 'truth.json').wandb;

const runAt = (folder: string): FoundRun => ({ source: 'wandb', path: folder, root: folder, name: 'run' });

async function readRun(folder: string): Promise<{ summary: SeriesSummary; gatherer: Gatherer; offset: number }> {
  const reader = wandbFormat.open(runAt(folder));
  const gatherer = new Gatherer();
  const cursor = (await pollAll(reader, gatherer)) as { files: { [name: string]: { offset: number } } };
  reader.dispose();
  const summary = new SeriesSummary();
  const { scalars, media } = gatherer.rows;
  const batches = Object.entries(scalars).map(([tag, { steps, wallTimes, values }]) => ({
    tag,
    steps: Float64Array.from(steps),
    wallTimes: Float64Array.from(wallTimes),
    values: Float64Array.from(values),
  }));
  summary.add({ reset: false, scalars: batches, media });
  return { summary, gatherer, offset: Object.values(cursor.files)[0]?.offset ?? 0 };
}

function checkRows(truth: LogTruth, summary: SeriesSummary): void {
  const series = new Map(summary.series.map((info) => [info.tag, info]));
  const tags = Object.keys(truth.history).filter((tag) => tag !== '_step' && tag !== '_timestamp');
  for (const tag of tags) {
    const info = series.get(tag)!;
    const { count, first, last, first_step, last_step } = truth.history[tag]!;
    assert.deepEqual(
      [info.count, info.firstStep, info.lastStep, info.firstValue, info.lastValue],
      [count, first_step, last_step, first, last],
      tag,
    );
    const { _timestamp: times } = truth.history;
    if (count === times!.count)
      assert.deepEqual([info.firstWallTime, info.lastWallTime], [times!.first, times!.last], tag);
  }
  const stats = flattened(truth.stats);
  for (const [tag, { count, first, last }] of stats) {
    const info = series.get(tag)!;
    assert.deepEqual([info.count, info.firstValue, info.lastValue], [count, first, last], tag);
    assert.deepEqual([info.firstStep, info.lastStep], [0, count - 1], tag);
  }
  assert.deepEqual([...series.keys()].toSorted(), [...tags, ...stats.keys()].toSorted());
}

/** Old versions gave network and disk as trees. */
function flattened(stats: LogTruth['stats']): Map<string, KeyTruth> {
  const entries = Object.entries(stats).flatMap(([tag, truth]): [string, KeyTruth][] => {
    if (typeof truth.first !== 'object' || truth.first === null) return [[tag, truth]];
    const last = truth.last as { [name: string]: unknown };
    return Object.entries(truth.first).map(([name, first]) => [
      `${tag}.${name}`,
      { ...truth, first, last: last[name] },
    ]);
  });
  return new Map(entries);
}

for (const [file, truth] of Object.entries(truths)) {
  test(`${file} gives its truth`, async (context) => {
    // A copy, whose files are new as after a clone: that alone must not make an old run look alive.
    const log = path.join(temporaryFolder(context), file);
    cpSync(path.dirname(path.join(corpus, 'wandb', file)), path.dirname(log), { recursive: true });
    const { summary, gatherer, offset } = await readRun(path.dirname(log));
    assert.equal(gatherer.problems.length, truth.bad_crc);
    assert.equal(offset, truth.valid_end);
    checkRows(truth, summary);
    const { facts } = gatherer.rows;
    assert.deepEqual(facts.config ?? {}, truth.config_final);
    checkFacts(facts, truth, path.dirname(log));
  });
}

function checkFacts(facts: Gatherer['rows']['facts'], truth: LogTruth, folder: string): void {
  const { run, exit, metadata_json: metadata } = truth;
  assert.equal(facts.trackerId, run?.run_id ?? /-([a-z0-9]+)$/.exec(folder)![1]);
  if (run !== undefined) {
    const shown = [facts.name ?? '', facts.project, facts.group ?? '', facts.host, facts.startedAt];
    assert.deepEqual(shown, [run.display_name, run.project, run.group, run.host, run.start_time]);
  }
  const expected =
    exit === undefined ? 'lost' : exit.exit_code === 0 ? 'finished' : exit.exit_code === 255 ? 'killed' : 'failed';
  assert.equal(facts.status, expected, facts.statusReason);
  if (metadata !== undefined) assert.deepEqual(facts.command?.slice(1), [metadata.program, ...(metadata.args ?? [])]);
  assert.equal(facts.console?.length ?? 0, (truth.output_log?.bytes ?? 0) > 0 || truth.output_records > 0 ? 1 : 0);
  const { _wandb: own, ...summary } = { ...truth.summary_json, ...truth.summary_records_final };
  const plain = Object.entries(summary).filter(([name]) => !name.startsWith('_wandb'));
  assert.deepEqual(facts.summary ?? {}, Object.fromEntries(plain));
}

for (const [file, truth] of Object.entries(cutTruths)) {
  test(`truncated/${file} gives its truth`, async (context) => {
    const folder = path.join(temporaryFolder(context), 'wandb', 'run-20260120_000000-clj6trlg');
    mkdirSync(folder, { recursive: true });
    cpSync(path.join(corpus, 'truncated', file), path.join(folder, 'run-clj6trlg.wandb'));
    const { summary, gatherer, offset } = await readRun(folder);
    assert.equal(gatherer.problems.length, truth.bad_crc);
    assert.equal(offset, truth.valid_end);
    checkRows(truth, summary);
    assert.deepEqual(gatherer.rows.facts.config, truth.config_final);
    // It was copied a moment ago, but what it tells is older.
    assert.equal(gatherer.rows.facts.status, 'lost');
  });
}

test('each run of the corpus is found once, with its W&B id in its name', { skip: withoutCorpus }, async () => {
  const { runs } = await discoverRuns(path.join(corpus, 'wandb'));
  const expected = Object.keys(truths).map((file) => path.join(corpus, 'wandb', path.dirname(file)));
  assert.deepEqual(runs.map((run) => run.path).toSorted(), expected.toSorted());
  assert.ok(runs.every((run) => run.source === 'wandb'));
});

test('a run that grows in steps of 32 KiB, as W&B writes it, gives the same rows', {
  skip: withoutCorpus,
}, async (context) => {
  const [file] = Object.keys(truths).filter((name) => name.includes('u26lda4o'));
  const whole = readFileSync(path.join(corpus, 'wandb', file!));
  const folder = path.join(temporaryFolder(context), 'wandb', 'run-20260313_003607-u26lda4o');
  mkdirSync(folder, { recursive: true });
  const log = path.join(folder, 'run-u26lda4o.wandb');
  writeFileSync(log, '');
  const reader = wandbFormat.open(runAt(folder));
  const growing = new Gatherer();
  let cursor = await pollAll(reader, growing);
  for (let from = 0; from < whole.length; from += 32768) {
    appendFileSync(log, whole.subarray(from, from + 32768));
    cursor = await pollAll(reader, growing, cursor);
    assert.deepEqual(growing.problems, []);
  }
  const once = new Gatherer();
  await pollAll(wandbFormat.open(runAt(folder)), once);
  assert.deepEqual(growing.rows, once.rows);
  assert.equal(growing.resets, 0);
  assert.ok(existsSync(log));
});
