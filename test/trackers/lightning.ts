import assert from 'node:assert/strict';
import path from 'node:path';
import type { FoundRun } from '../../src/domain/records.ts';
import { parsePythonJson } from '../../src/readers/files/pythonJson.ts';
import { discoverRuns } from '../../src/readers/index.ts';
import { numberOfWord } from '../../src/readers/text/names.ts';
import type { RunningScript } from './python.ts';
import { readWhole, tail } from './tail.ts';
import type { Tracker, TrackerRun } from './tracker.ts';

/** Lightning with its CSVLogger and, beside it, its TensorBoardLogger. */
export const lightningTracker: Tracker = {
  name: 'lightning',
  packages: ['torch', 'lightning', 'tensorboard'],
  modules: ['torch', 'lightning', 'tensorboard'],
  checks: { 'a training with two loggers': checkTraining },
};

const epochs = 4;

/** What the logger was given, call by call. */
type Calls = readonly (readonly [step: number, metrics: { readonly [tag: string]: number | string }])[];

async function checkTraining({ python, folder }: TrackerRun): Promise<string> {
  const script = python.start('writeLightning.py', [folder, String(epochs)], folder);
  const { gatherer, liveAnswers } = await tail(script, () => findTable(folder));
  await script.ended();
  const calls = logged(script);
  const expected: { [tag: string]: { steps: number[]; values: number[] } } = {};
  for (const [step, metrics] of calls) {
    for (const [tag, value] of Object.entries(metrics)) {
      expected[tag] ??= { steps: [], values: [] };
      expected[tag].steps.push(step);
      expected[tag].values.push(toNumber(value));
    }
  }
  const { scalars, facts } = gatherer.rows;
  const found = Object.entries(scalars).map(([tag, { steps, values }]) => [tag, { steps, values }] as const);
  assert.deepEqual(Object.fromEntries(found), expected);
  assert.deepEqual(gatherer.problems, []);
  assert.deepEqual(facts.config, { lr: 0.01, sizes: [4, 2] });
  assert.ok(liveAnswers > 0, 'No rows came while it was running.');
  assert.deepEqual((await readWhole((await findTable(folder))!)).rows.scalars, scalars);
  const run = (await findRun(folder, 'lightning', 'csv/version_0'))!;
  // The event files are found too, as a part of the same run or for themselves.
  const events = path.join(folder, 'tensorboard', 'version_0');
  const isPart = run.parts?.some((part) => part.path === events) === true;
  assert.ok(isPart || (await findRun(folder, 'tensorboard', 'tensorboard/version_0')) !== undefined);
  const points = found.reduce((sum, [, { values }]) => sum + values.length, 0);
  const version = await python.version('lightning');
  return `lightning ${version}, ${points} points agree, rows came in ${liveAnswers} pieces, the table was read anew ${gatherer.resets} times`;
}

/** The table alone, without the other logs of the same training. */
async function findTable(folder: string): Promise<FoundRun | undefined> {
  const run = await findRun(folder, 'lightning', 'csv/version_0');
  if (run === undefined) return undefined;
  const { parts: _, ...table } = run;
  return table;
}

async function findRun(folder: string, source: FoundRun['source'], name: string): Promise<FoundRun | undefined> {
  const { runs } = await discoverRuns(folder);
  const at = path.join(folder, ...name.split('/'));
  return runs.find((run) => run.source === source && run.path === at);
}

function logged(script: RunningScript): Calls {
  const line = script.output.split('\n').find((text) => text.startsWith('LOGGED '));
  assert.ok(line !== undefined, script.output);
  return parsePythonJson(line.slice('LOGGED '.length)) as Calls;
}

function toNumber(value: number | string): number {
  return typeof value === 'number' ? value : numberOfWord(value)!;
}
