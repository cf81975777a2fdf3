import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FoundRun } from '../../src/domain/records.ts';
import { discoverRuns } from '../../src/readers/index.ts';
import { PythonPackages } from './python.ts';
import { readWhole, tail } from './tail.ts';
import type { Tracker, TrackerRun } from './tracker.ts';

/** The Trainer of transformers, which saves its log with every checkpoint. */
export const transformersTracker: Tracker = {
  name: 'transformers',
  packages: ['torch', 'transformers', 'accelerate'],
  modules: ['torch', 'transformers', 'accelerate'],
  prepare: async (python) => {
    // PyTorch is large: one that lies there for Lightning serves both.
    python.addStandIns(new PythonPackages('lightning').folder);
    if ((await python.missing(transformersTracker.modules)).length > 0)
      await python.install(transformersTracker.packages);
  },
  checks: { 'a training that reaches its end': checkWhole, 'a training that is killed': checkKilled },
};

type Entry = { readonly step: number; readonly [name: string]: number };

async function checkWhole({ python, folder }: TrackerRun): Promise<string> {
  const script = python.start('writeTransformers.py', [folder, '45'], folder);
  const { gatherer, liveAnswers } = await tail(script, () => findRun(folder));
  await script.ended();
  const line = script.output.split('\n').find((text) => text.startsWith('LOGGED '))!;
  const log = JSON.parse(line.slice('LOGGED '.length)) as readonly Entry[];
  const points = assertAgrees(gatherer.rows.scalars, log);
  assert.deepEqual(gatherer.problems, []);
  const { facts } = gatherer.rows;
  assert.equal(facts.status, 'finished', facts.statusReason);
  assert.deepEqual(facts.progress, { step: 45, totalSteps: 45 });
  assert.ok(liveAnswers > 0, 'No rows came while it was running.');
  return `transformers ${await python.version('transformers')}, ${points} points agree, rows came in ${liveAnswers} pieces, ${gatherer.resets} resets`;
}

async function checkKilled({ python, folder }: TrackerRun): Promise<string> {
  const script = python.start('writeTransformers.py', [folder, '100000'], folder);
  const second = path.join(folder, 'checkpoint-20', 'trainer_state.json');
  while (!existsSync(second) && script.isRunning) await sleep(20);
  script.kill('SIGKILL');
  await script.ended(null);
  const { rows } = await readWhole((await findRun(folder))!);
  assert.ok(rows.scalars['loss']!.steps.length >= 3);
  assert.notEqual(rows.facts.status, 'finished');
  return `status ${rows.facts.status}: ${rows.facts.statusReason}`;
}

async function findRun(folder: string): Promise<FoundRun | undefined> {
  const { runs } = await discoverRuns(folder);
  return runs.find((run) => run.source === 'hf-trainer' && run.path === folder);
}

/** Gives back how many points were compared. */
function assertAgrees(
  scalars: { readonly [tag: string]: { readonly steps: number[]; readonly values: number[] } },
  log: readonly Entry[],
): number {
  const expected: { [tag: string]: { steps: number[]; values: number[] } } = {};
  for (const { step, ...values } of log) {
    for (const [tag, value] of Object.entries(values)) {
      expected[tag] ??= { steps: [], values: [] };
      expected[tag].steps.push(step);
      expected[tag].values.push(value);
    }
  }
  const found = Object.entries(scalars).map(([tag, { steps, values }]) => [tag, { steps, values }] as const);
  assert.deepEqual(Object.fromEntries(found), expected);
  return found.reduce((sum, [, { values }]) => sum + values.length, 0);
}
