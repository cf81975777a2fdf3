import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir } from '../../scripts/setup/cache.mjs';
import type { FoundRun, MediaRecord } from '../../src/domain/records.ts';
import { decodeMedia, discoverRuns } from '../../src/readers/index.ts';
import { readMedia } from '../../src/worker/runs/runFiles.ts';
import type { Gatherer } from '../unit/readers/support/cuts.ts';
import { PythonPackages, type RunningScript } from './python.ts';
import { readWhole, tail } from './tail.ts';
import type { Tracker, TrackerRun } from './tracker.ts';

/** The SummaryWriters of PyTorch and of tensorboardX. */
export const tensorboardTracker: Tracker = {
  name: 'tensorboard',
  packages: ['torch', 'tensorboard', 'tensorboardX', 'numpy', 'pillow'],
  modules: ['torch.utils.tensorboard', 'tensorboardX', 'PIL'],
  prepare,
  checks: {
    'SummaryWriter of PyTorch': (run) => checkFinished(run, 'torch'),
    'SummaryWriter of tensorboardX': (run) => checkFinished(run, 'tensorboardX'),
    'a writer that is killed': checkKilled,
  },
};

/** PyTorch is large: one that another tracker or bench has installed is used. */
async function prepare(python: PythonPackages): Promise<void> {
  const modules = tensorboardTracker.modules;
  const isThere = async (): Promise<boolean> => (await python.missing(modules)).length === 0;
  if (await isThere()) return;
  python.addStandIns(new PythonPackages('lightning').folder);
  python.addStandIns(path.join(cacheDir, 'torch'));
  if (await isThere()) return;
  const needsTorch = (await python.missing(['torch'])).length > 0;
  await python.install(tensorboardTracker.packages.filter((name) => needsTorch || name !== 'torch'));
}

const steps = 300;

interface Logged {
  readonly scalars: { readonly [tag: string]: readonly (readonly [step: number, value: number | string])[] };
  /** How many records there are, by tag and kind. */
  readonly media: { readonly [tagAndKind: string]: number };
}

async function findRun(folder: string): Promise<FoundRun | undefined> {
  const { runs } = await discoverRuns(folder);
  return runs.find((run) => run.path === path.join(folder, 'run'));
}

async function checkFinished({ python, folder }: TrackerRun, library: string): Promise<string> {
  const script = python.start('writeTensorboard.py', [library, 'run', String(steps), 'close'], folder);
  const { gatherer, liveAnswers } = await tail(script, () => findRun(folder));
  await script.ended();
  const points = checkRows(gatherer, loggedBy(script));
  const { media } = gatherer.rows;
  const found = (await findRun(folder))!;
  await checkMedia(found, media, loggedBy(script));
  assert.deepEqual((await readWhole(found)).rows.scalars, gatherer.rows.scalars);
  assert.ok(liveAnswers > 1, 'Rows came in one piece, not while it was running.');
  if (library === 'torch') await checkHparams(folder);
  return `${library} ${await python.version(library)}: ${points} points and ${media.length} media agree, rows came in ${liveAnswers} pieces`;
}

/** Gives back how many points were compared. */
function checkRows({ rows, problems, resets }: Gatherer, { scalars }: Logged): number {
  assert.deepEqual([problems, resets], [[], 0]);
  assert.deepEqual(Object.keys(rows.scalars).sort(), Object.keys(scalars).sort());
  let points = 0;
  for (const [tag, expected] of Object.entries(scalars)) {
    const found = rows.scalars[tag]!;
    const [wantedSteps, wantedValues] = [expected.map(([step]) => step), expected.map(([, value]) => toNumber(value))];
    assert.deepEqual([found.steps, found.values], [wantedSteps, wantedValues], tag);
    assert.ok(found.wallTimes.every((time) => Math.abs(time - Date.now() / 1000) < 3600));
    points += expected.length;
  }
  return points;
}

async function checkMedia(run: FoundRun, media: readonly MediaRecord[], logged: Logged): Promise<void> {
  const counts: Record<string, number> = {};
  for (const record of media) {
    const name = `${record.tag} ${record.kind}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const decoded = decodeMedia(record, await readMedia(run, record));
    assert.ok(decoded.ok && decoded.value.bytes.length > 0, name);
    const text = new TextDecoder().decode(decoded.value.bytes);
    if (record.kind === 'text') assert.equal(text, `at **${record.step}**`);
    if (record.kind === 'image') assert.deepEqual([record.width, record.height], [9, 8]);
    if (record.kind === 'histogram') assert.equal(sum((JSON.parse(text) as { counts: number[] }).counts), 500);
    if (record.kind === 'curve') assert.equal((JSON.parse(text) as { recall: number[] }).recall.at(-1), 1);
  }
  assert.deepEqual(counts, logged.media);
}

/** add_hparams makes a run of its own below the first. */
async function checkHparams(folder: string): Promise<void> {
  const { runs } = await discoverRuns(folder);
  const found = runs.find((run) => run.path === path.join(folder, 'run', 'hparams'));
  assert.ok(found !== undefined && existsSync(found.path));
  const { rows } = await readWhole(found);
  // PyTorch writes a truth value as a number, since it is one in Python.
  assert.deepEqual(rows.facts.config, { lr: 0.1, amp: 1, name: 'adam' });
  assert.deepEqual(rows.scalars['hparam/loss']?.values, [0.5]);
  assert.notEqual(rows.facts.status, 'finished', 'The end of a session that add_hparams writes is no evidence.');
}

async function checkKilled({ python, folder }: TrackerRun): Promise<string> {
  const script = python.start('writeTensorboard.py', ['torch', 'run', String(steps), 'wait'], folder);
  const tailing = tail(script, () => findRun(folder));
  for (let waited = 0; !script.output.includes('"scalars"'); waited += 50) {
    assert.ok(waited < 120_000 && script.isRunning, script.output);
    await sleep(50);
  }
  // What was flushed goes to the file by a thread of the writer.
  await sleep(2000);
  const alive = await readWhole((await findRun(folder))!);
  assert.equal(alive.rows.facts.status, 'running', alive.rows.facts.statusReason);
  script.kill('SIGKILL');
  const { gatherer } = await tailing;
  const points = checkRows(gatherer, loggedBy(script));
  return `alive: ${alive.rows.facts.statusReason} All ${points} points are there after SIGKILL`;
}

function loggedBy({ output }: RunningScript): Logged {
  const line = output.split('\n').find((text) => text.startsWith('{"scalars"'));
  assert.ok(line !== undefined, output);
  return JSON.parse(line) as Logged;
}

function toNumber(value: number | string): number {
  return typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity').replace('nan', 'NaN'));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
