import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FoundRun, MediaRecord } from '../../src/domain/records.ts';
import { discoverRuns } from '../../src/readers/index.ts';
import { decodeMedia } from '../../src/readers/media/decode.ts';
import { readMedia } from '../../src/worker/runs/runFiles.ts';
import type { Gatherer } from '../unit/readers/support/cuts.ts';
import type { RunningScript } from './python.ts';
import { readWhole, type Tailed, tail } from './tail.ts';
import type { Tracker, TrackerRun } from './tracker.ts';
import { installWandb } from './wandbPackage.ts';

/** wandb itself, offline. */
export const wandbTracker: Tracker = {
  name: 'wandb',
  packages: ['wandb', 'numpy', 'pillow'],
  modules: ['wandb', 'numpy', 'PIL'],
  prepare: installWandb,
  checks: {
    'a run that finishes': checkFinished,
    'a program that fails': (run) => checkEnding(run, 'raise', 1, 'failed', /exit code 1/),
    'a program that is interrupted': (run) => checkEnding(run, 'interrupt', null, 'killed', /255/),
    'a program that is killed': checkKilled,
    'a run that is resumed in a second folder': checkResumed,
  },
};

/** Step and value of every number that a script logged, by tag, as it printed them. */
type Logged = { readonly [tag: string]: readonly (readonly [step: number, value: number | string | boolean])[] };

const steps = 400;

async function start({ python, folder }: TrackerRun, id: string, ending: string): Promise<RunningScript> {
  return python.start('writeWandb.py', [id, String(steps), ending], folder);
}

async function findRun(folder: string, id: string): Promise<FoundRun | undefined> {
  const { runs } = await discoverRuns(folder);
  return runs.find((run) => run.source === 'wandb' && run.path.endsWith(`-${id}`));
}

async function writeAndTail(run: TrackerRun, id: string, ending: string): Promise<{ script: RunningScript } & Tailed> {
  const script = await start(run, id, ending);
  return { script, ...(await tail(script, () => findRun(run.folder, id))) };
}

async function checkFinished(run: TrackerRun): Promise<string> {
  const { script, gatherer, liveAnswers } = await writeAndTail(run, 'fin1sh3d', '0');
  await script.ended();
  const points = checkRows(gatherer, script);
  const { facts, media } = gatherer.rows;
  assert.equal(facts.status, 'finished', facts.statusReason);
  assert.deepEqual(
    [facts.name, facts.project, facts.group, facts.trackerId, facts.trackerLabels, facts.trackerNote],
    ['live fin1sh3d', 'live', 'trackers', 'fin1sh3d', ['a', 'b'], 'a note'],
  );
  assert.deepEqual(facts.config, { lr: 1e-3, net: { depth: 4, sizes: [1, 2] }, text: 'ü' });
  assert.equal(facts.cwd, run.folder);
  assert.deepEqual(facts.command?.slice(-3), ['fin1sh3d', String(steps), '0']);
  assert.equal(facts.definitions?.find(({ tag }) => tag === 'val/loss')?.direction, 'minimize');
  const found = (await findRun(run.folder, 'fin1sh3d'))!;
  await checkMedia(found, media);
  assert.deepEqual((await readWhole(found)).rows.scalars, gatherer.rows.scalars);
  assert.ok(liveAnswers > 0, 'No rows came while it was running.');
  const { runs } = await discoverRuns(run.folder);
  assert.equal(runs.length, 1, 'The link latest-run is no run of its own.');
  return `wandb ${await run.python.version('wandb')}, ${points} points and ${media.length} media agree, rows came in ${liveAnswers} pieces`;
}

/** Gives back how many points were compared. */
function checkRows({ rows, problems, resets }: Gatherer, script: RunningScript): number {
  assert.deepEqual(problems, []);
  assert.equal(resets, 0);
  const logged = loggedBy(script);
  let points = 0;
  for (const [tag, expected] of Object.entries(logged)) {
    const found = rows.scalars[tag]!;
    const values = expected.map(([, value]) => toNumber(value));
    assert.deepEqual(found.values, values, tag);
    assert.deepEqual(
      found.steps,
      expected.map(([step]) => step),
      tag,
    );
    points += values.length;
  }
  const others = Object.keys(rows.scalars).filter((tag) => !Object.hasOwn(logged, tag));
  assert.ok(others.includes('_runtime') && others.includes('memory_percent'), `Figures of the machine: ${others}`);
  return points;
}

function loggedBy({ output }: RunningScript): Logged {
  const line = output.split('\n').find((text) => text.startsWith('{"logged"'));
  assert.ok(line !== undefined, output);
  return (JSON.parse(line) as { logged: Logged }).logged;
}

function toNumber(value: number | string | boolean): number {
  return typeof value !== 'string' ? Number(value) : Number(value.replace('inf', 'Infinity').replace('nan', 'NaN'));
}

async function checkMedia(run: FoundRun, media: readonly MediaRecord[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const record of media) {
    counts.set(`${record.tag} ${record.kind}`, (counts.get(`${record.tag} ${record.kind}`) ?? 0) + 1);
    const decoded = decodeMedia(record, await readMedia(run, record));
    assert.ok(decoded.ok && decoded.value.bytes.length > 0, `${record.tag} ${record.step}`);
    if (record.kind !== 'histogram') continue;
    const { counts: bins } = JSON.parse(new TextDecoder().decode(decoded.value.bytes)) as { counts: number[] };
    assert.equal(
      bins.reduce((sum, count) => sum + count, 0),
      100,
    );
  }
  const groups = steps / 100;
  assert.deepEqual(
    [...counts].toSorted(),
    [
      ['page html', groups],
      ['picture image', groups],
      ['pictures image', 3 * groups],
      ['table table', groups],
      ['weights histogram', groups],
      ['word text', steps],
    ].toSorted(),
  );
}

async function checkEnding(
  run: TrackerRun,
  ending: string,
  code: number | null,
  status: string,
  reason: RegExp,
): Promise<string> {
  const { script, gatherer } = await writeAndTail(run, ending, ending);
  if (code !== null) await script.ended(code);
  const points = checkRows(gatherer, script);
  const { facts } = gatherer.rows;
  assert.equal(facts.status, status, facts.statusReason);
  assert.match(facts.statusReason ?? '', reason);
  return `${facts.status}: ${facts.statusReason} ${points} points`;
}

async function checkKilled(run: TrackerRun): Promise<string> {
  const script = await start(run, 'k1lled', 'wait');
  const tailing = tail(script, () => findRun(run.folder, 'k1lled'));
  for (let waited = 0; !script.output.includes('waiting'); waited += 50) {
    assert.ok(waited < 120_000 && script.isRunning, script.output);
    await sleep(50);
  }
  const found = (await findRun(run.folder, 'k1lled'))!;
  const alive = await readWhole(found);
  assert.equal(alive.rows.facts.status, 'running', alive.rows.facts.statusReason);
  const aliveReason = alive.rows.facts.statusReason;
  script.kill('SIGKILL');
  await tailing;
  const gatherer = await readWhole(found);
  assert.deepEqual(gatherer.problems, []);
  const logged = loggedBy(script);
  const loss = gatherer.rows.scalars['loss']!;
  const expected = logged['loss']!.slice(0, loss.values.length).map(([, value]) => value);
  assert.deepEqual(loss.values, expected, 'What was written is a beginning of what was logged.');
  const { facts } = gatherer.rows;
  assert.ok(facts.status === 'killed' || facts.status === 'running', facts.statusReason);
  return `alive: ${aliveReason} Then ${facts.status}: ${facts.statusReason} ${loss.values.length} of ${steps} rows had been written`;
}

async function checkResumed(run: TrackerRun): Promise<string> {
  for (const _ of [1, 2]) {
    const script = await start(run, 'tw1ce', '0');
    await script.ended();
    // The folder's name holds the second in which it was made.
    await sleep(1100);
  }
  const { runs } = await discoverRuns(run.folder);
  // Discovery knows that the folders are one run.
  const folders = runs.flatMap((found) => [found.path, ...(found.parts ?? []).map((part) => part.path)]);
  assert.equal(folders.length, 2);
  const single = await Promise.all(
    folders.map((folder) => readWhole({ source: 'wandb', path: folder, root: run.folder, name: 'part' })),
  );
  assert.deepEqual(
    single.map(({ rows }) => rows.facts.trackerId),
    ['tw1ce', 'tw1ce'],
  );
  const whole = await readWhole(runs[0]!);
  const losses = [...single, whole].map(({ rows }) => rows.scalars['loss']!.values.length);
  assert.deepEqual(losses, [steps, steps, 2 * steps]);
  return `two folders, ${folders.map((folder) => path.basename(folder)).join(' and ')}, are one run of ${losses[2]} losses`;
}
