import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PollQueue } from '../../../../src/worker/runs/pollQueue.ts';

/** A task that ends when it is told to. */
function task(name: string, begun: string[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = () => {
    begun.push(name);
    return promise;
  };
  return { run, end: resolve };
}

test('a lane runs so many tasks at once, urgent ones first, and keeps no other lane waiting', async () => {
  const queue = new PollQueue(2);
  const begun: string[] = [];
  const tasks = ['a', 'b', 'c', 'd'].map((name) => task(name, begun));
  for (const { run } of tasks) queue.add(run, 0, false);
  const urgent = task('urgent', begun);
  queue.add(urgent.run, 0, true);
  queue.add(task('elsewhere', begun).run, 1, false);
  assert.deepEqual(begun, ['a', 'b', 'elsewhere']);
  tasks[0]!.end();
  await new Promise(setImmediate);
  assert.deepEqual(begun.slice(3), ['urgent']);
  urgent.end();
  tasks[1]!.end();
  await new Promise(setImmediate);
  assert.deepEqual(begun.slice(4), ['c', 'd']);
});
