import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PaceFacts, pollDelay } from '../../../../src/worker/runs/pace.ts';

const facts: PaceFacts = {
  status: 'running',
  now: 1_000_000,
  grewAt: 999_000,
  askedAt: 0,
  hasClients: true,
  liveRuns: 1,
  coldRuns: 1,
};

test('a live run is looked at several times a second, one that is silent less often, one that ended seldom', () => {
  assert.equal(pollDelay(facts), 200);
  assert.equal(pollDelay({ ...facts, grewAt: 0 }), 500);
  assert.equal(pollDelay({ ...facts, hasClients: false }), 5_000);
  assert.equal(pollDelay({ ...facts, status: 'finished', grewAt: 0 }), 30_000);
});

test('however many runs there are, live or not, all looks together stay below five hundred a second', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('running', 'starting', 'finished', undefined),
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      (status, runs, grewAt) => {
        const delay = pollDelay({ ...facts, status, grewAt, liveRuns: runs, coldRuns: runs });
        assert.ok(delay >= 200);
        if (runs > 250) assert.ok(runs * 1000 <= 500 * delay);
      },
    ),
  );
});
