import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryEstimate } from '../../../../src/domain/memoryEstimate.ts';
import { memoryRows } from '../../../../src/extension/launch/memoryRows.ts';

const estimate: MemoryEstimate = {
  device: 'cpu',
  need: { host: 1.4e9, device: 0 },
  free: { host: 6e9 },
  verdict: 'fits',
  recomputes: false,
  batchSize: 64,
};

test('what fits is one row to read', () => {
  const [row, ...more] = memoryRows(estimate);
  assert.equal(row!.description, 'Needs about 1.4 GB of memory; 6.0 GB can be had.');
  assert.equal(row!.detail, 'On cpu, in batches of 64.');
  assert.deepEqual([row!.icon, row!.value, more], ['check', 'memory', []]);
});

test('what does not fit offers the batch that would, or says that none does', () => {
  const tight = { ...estimate, free: { host: 1e9 }, verdict: 'too-large' } as const;
  const [told, smaller] = memoryRows({ ...tight, fittingBatch: 40 });
  assert.match(told!.description, /^Needs about 1\.4 GB of memory; 1\.0 GB can be had\. That is not enough\./);
  assert.deepEqual([told!.icon, smaller!.label, smaller!.value], ['error', 'Use batchSize=40', { batch: 40 }]);
  const rows = memoryRows(tight);
  assert.equal(rows.length, 1);
  assert.match(rows[0]!.detail!, /^On cpu, in batches of 64\. No batch is small enough/);
});
