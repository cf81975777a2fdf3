import assert from 'node:assert/strict';
import test from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { IdleMemory } from '../../../src/worker/idleMemory.ts';
import { eventually } from './testWorker.ts';

const held = (): number => {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
};

test('a thread that rests after its work lets go of what it kept, and holds less', async () => {
  let kept: Float64Array[] = Array.from({ length: 64 }, () => new Float64Array(131_072));
  const before = held();
  let drops = 0;
  const memory = new IdleMemory(() => {
    drops++;
    kept = [];
  });
  assert.equal(kept.length, 64);
  memory.touch();
  await eventually(() => drops === 1);
  await eventually(() => held() < before - 40e6);
  memory.dispose();
});

test('what is disposed of does nothing any more', async () => {
  let drops = 0;
  const memory = new IdleMemory(() => drops++);
  memory.touch();
  memory.dispose();
  await new Promise((resolve) => setTimeout(resolve, 900));
  assert.equal(drops, 0);
});
