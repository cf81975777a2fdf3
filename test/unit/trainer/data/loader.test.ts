import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { BatchLoader, wholeSetReader } from '../../../../src/trainer/data/batches.ts';
import type { DataSet } from '../../../../src/trainer/data/dataSet.ts';
import type { ExampleArrays } from '../../../../src/trainer/data/exampleReader.ts';
import { OpenFiles } from '../../../../src/trainer/data/files/openFiles.ts';
import { openTokenSet } from '../../../../src/trainer/data/tokens/tokenSet.ts';
import { temporaryFolder } from '../support.ts';
import { badDataSays } from './badDataSays.ts';
import { request, tokenSource } from './requests.ts';

/** Examples of four bytes that say their number, in several files, which are read from disk. */
async function numberedSet(test: TestContext, counts: readonly number[]): Promise<DataSet> {
  const folder = temporaryFolder(test);
  let next = 0;
  counts.forEach((count, i) => {
    writeFileSync(
      path.join(folder, `${i}.txt`),
      Uint32Array.from({ length: count }, () => next++),
    );
  });
  const source = tokenSource({ window: 4, stride: 4 });
  const set = (await openTokenSet({ ...request(folder, source), source }, new OpenFiles(0)))!;
  test.after(() => set.dispose());
  return set;
}

function numbers({ tokens }: ExampleArrays): number[] {
  const bytes = Uint8Array.from(tokens as Int32Array);
  return [...new Uint32Array(bytes.buffer)];
}

/** Waits until the threads that earlier tests closed have ended. */
async function noThreads(): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (threadsAlive() > 0 && Date.now() < deadline) await pause(10);
  assert.equal(threadsAlive(), 0);
}

const threadsAlive = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

test('every example comes once per epoch, with shards, threads, uneven batches and resumption', async (t) => {
  const property = fc.asyncProperty(
    fc
      .array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 })
      .filter((counts) => counts.some((count) => count > 0)),
    fc.integer({ min: 0, max: 2 }),
    fc.integer({ min: 1, max: 9 }),
    fc.nat(2 ** 40),
    fc.array(fc.record({ count: fc.integer({ min: 1, max: 30 }), resumes: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    }),
    async (shards, threads, block, seed, batches) => {
      const set = await numberedSet(t, shards);
      const { examples } = set.facts;
      const make = () => new BatchLoader(set, seed, { threads, block });
      const inMemory = new BatchLoader(set, seed);
      let loader = make();
      const seen: number[] = [];
      try {
        for (const { count, resumes } of batches) {
          if (resumes) {
            loader.dispose();
            loader = make();
          }
          const batch = await loader.take(seen.length, count);
          assert.deepEqual(batch, await inMemory.take(seen.length, count));
          seen.push(...numbers(batch));
        }
      } finally {
        loader.dispose();
        set.dispose();
      }
      for (let start = 0; start < seen.length; start += examples) {
        const epoch = seen.slice(start, start + examples);
        assert.equal(new Set(epoch).size, epoch.length);
        assert.ok(epoch.every((number) => number < examples));
      }
    },
  );
  await fc.assert(property, { numRuns: 10 });
});

test('a loader may go back to an earlier place', async (t) => {
  const set = await numberedSet(t, [50]);
  const loader = new BatchLoader(set, 3, { threads: 2, block: 7 });
  t.after(() => loader.dispose());
  const first = await loader.take(0, 20);
  const second = await loader.take(20, 20);
  assert.deepEqual(await loader.take(0, 20), first);
  assert.deepEqual(await loader.take(20, 20), second);
});

test('what comes next is read while the own thread is busy', async (t) => {
  const set = await numberedSet(t, [4000]);
  const loader = new BatchLoader(set, 3, { threads: 1, block: 50 });
  t.after(() => loader.dispose());
  await loader.take(0, 1000);
  // As in a step: the thread neither waits nor lets others in. The answers are there behind it, without further questions.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  const turns: string[] = [];
  const taken = loader.take(1000, 1000).then(() => turns.push('taken'));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  turns.push('two turns');
  await taken;
  assert.deepEqual(turns, ['taken', 'two turns']);
});

test('an evaluation sees the whole set in its order', async (t) => {
  const set = await numberedSet(t, [10, 13]);
  for (const threads of [0, 2]) {
    const reader = wholeSetReader(set, 5, threads);
    const seen: number[] = [];
    for (let start = 0; start < 25; start += 5) seen.push(...numbers(await reader.take(start, 5)));
    reader.dispose();
    assert.deepEqual(seen, [...Array.from({ length: 23 }, (_, i) => i), 0, 1]);
  }
});

test('what a thread finds wrong is told with its file, and not before it is asked for', async (t) => {
  const set = await numberedSet(t, [2000]);
  truncateSync(path.join(set.path, '0.txt'), 4000);
  const loader = new BatchLoader(set, 1, { threads: 2, block: 4 });
  t.after(() => loader.dispose());
  await assert.rejects(
    async () => {
      for (let position = 0; position < 2000; position += 4) await loader.take(position, 4);
    },
    badDataSays(/0\.txt ends at byte .* now; it was longer when the run began/),
  );
  // What was asked for ahead and never waited for must not end the process.
  await pause(50);
});

test('threads end with their loader, also with questions open, and a closed loader refuses', async (t) => {
  const set = await numberedSet(t, [500]);
  await noThreads();
  const loader = new BatchLoader(set, 1, { threads: 3, block: 10 });
  t.after(() => loader.dispose());
  await loader.take(0, 100);
  assert.equal(threadsAlive(), 3);
  const open = loader.take(100, 100);
  const refused = assert.rejects(open, { code: 'internal', message: /has ended/ });
  loader.dispose();
  await refused;
  await assert.rejects(loader.take(0, 10), { code: 'internal' });
  await noThreads();
});

test('no thread is started for a set in memory', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, 'a.txt'), 'some text');
  const source = tokenSource();
  const set = (await openTokenSet({ ...request(folder, source), source }))!;
  t.after(() => set.dispose());
  await noThreads();
  const loader = new BatchLoader(set, 1, { threads: 3 });
  await loader.take(0, 10);
  assert.equal(threadsAlive(), 0);
  loader.dispose();
});
