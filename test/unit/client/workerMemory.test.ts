import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepFromJobs, workerMemory } from '../../../src/client/startWorker.ts';

test('what only the worker is meant to have does not reach its jobs, and what a person has set does', () => {
  const own = { ...workerMemory, PATH: '/bin' };
  keepFromJobs(own);
  assert.deepEqual(own, { PATH: '/bin' });
  const set = { MALLOC_ARENA_MAX: '1' };
  keepFromJobs(set);
  assert.deepEqual(set, { MALLOC_ARENA_MAX: '1' });
});
