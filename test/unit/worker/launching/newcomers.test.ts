import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundRun } from '../../../../src/domain/records.ts';
import { Newcomers } from '../../../../src/worker/launching/linking/newcomers.ts';

const run = (key: string, source: FoundRun['source'] = 'trackio'): FoundRun => ({
  source,
  path: '/lab/lab.db',
  key,
  root: '/lab',
  name: key,
});

test('what appears while a job is at work is held back for a moment; what was there before, or appears at rest, is not', () => {
  let now = 1_000_000;
  const newcomers = new Newcomers(() => now);
  const held = (...runs: readonly FoundRun[]) => runs.filter((each) => newcomers.holds(each)).map(({ key }) => key);
  const [old, rest, fresh, own] = [run('old'), run('rest'), run('fresh'), run('own', 'trainyard')];
  newcomers.note('/lab', [old], true);
  newcomers.note('/lab', [old, rest], false);
  newcomers.note('/lab', [old, rest, fresh, own], true);
  assert.deepEqual(held(old, rest, fresh, own), ['fresh']);
  now += 9_000;
  newcomers.note('/lab', [old, rest, fresh], true);
  assert.deepEqual(held(old, rest, fresh), ['fresh']);
  now += 2_000;
  assert.deepEqual(held(old, rest, fresh), []);
  newcomers.note('/lab', [old, rest], true);
  newcomers.note('/lab', [old, rest, fresh], true);
  assert.deepEqual(held(fresh), ['fresh'], 'it went and came again');
});
