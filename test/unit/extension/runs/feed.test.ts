import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Emitter } from '../../../../src/base/emitter.ts';
import { AppError } from '../../../../src/base/errors.ts';
import type { RunSummary } from '../../../../src/domain/run.ts';
import { type FeedChange, RunsFeed } from '../../../../src/extension/runs/feed.ts';
import type { RpcClient } from '../../../../src/protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../../../src/protocol/worker.ts';
import { makeRun } from '../makeRun.ts';

/** The worker's side of a feed: answers folder.open and tells changes. */
class Source {
  readonly changed = new Emitter<WorkerEvents['runs.changed']>();
  readonly calls: unknown[] = [];
  runs: readonly RunSummary[] = [];
  failure: AppError | undefined;

  readonly client = {
    call: async (_method: string, params: unknown) => {
      this.calls.push(params);
      if (this.failure !== undefined) throw this.failure;
      return { runs: this.runs };
    },
    on: (_event: string, listener: (value: never) => void) => this.changed.event(listener as never),
  } as unknown as RpcClient<WorkerMethods, WorkerEvents>;

  feed(): RunsFeed {
    return new RunsFeed({
      worker: this.client,
      folders: () => ['/work/lab'],
      settings: () => ({ pollSeconds: 5 }),
      trusted: () => false,
      contains: (folder, file) => !path.relative(folder, file).startsWith('..'),
      gatherMs: 10,
    });
  }
}

test('loading opens each folder once with trust and settings, also when asked twice', async () => {
  const source = new Source();
  source.runs = [makeRun({ id: 'a' })];
  const feed = source.feed();
  await Promise.all([feed.load(), feed.load()]);
  await feed.load();
  assert.deepEqual(source.calls, [{ folder: '/work/lab', trusted: false, settings: { pollSeconds: 5 } }]);
  assert.deepEqual([...feed.runs.keys()], ['a']);
  feed.dispose();
});

test('a failed load is tried again at the next call', async () => {
  const source = new Source();
  source.failure = new AppError('worker-unavailable', 'No worker.');
  const feed = source.feed();
  await assert.rejects(feed.load(), { code: 'worker-unavailable' });
  source.failure = undefined;
  await feed.load();
  assert.equal(feed.isLoaded, true);
  feed.dispose();
});

test('changes are gathered into one, the last state of each run counts, and foreign folders stay out', async () => {
  const source = new Source();
  source.runs = [makeRun({ id: 'a' }), makeRun({ id: 'b' })];
  const feed = source.feed();
  await feed.load();
  const changes: FeedChange[] = [];
  feed.onChange((change) => changes.push(change));
  const told = (run: RunSummary): void => source.changed.fire({ runs: [run], removed: [] });
  told(makeRun({ id: 'a', status: 'running' }));
  told(makeRun({ id: 'a', status: 'failed' }));
  told(makeRun({ id: 'new' }));
  told(makeRun({ id: 'foreign', path: '/elsewhere/run', root: '/elsewhere' }));
  source.changed.fire({ runs: [], removed: [makeRun({ id: 'b' }).id, makeRun({ id: 'never' }).id] });
  await delay(40);
  assert.equal(changes.length, 1);
  const [change] = changes;
  assert.ok(change?.kind === 'some');
  assert.deepEqual(
    change.changed.map(({ id, status }) => `${id} ${status}`),
    ['a failed', 'new finished'],
  );
  assert.deepEqual(change.removed, ['b']);
  assert.deepEqual([...feed.runs.keys()].sort(), ['a', 'new']);
  feed.dispose();
});

test('a reload replaces everything', async () => {
  const source = new Source();
  source.runs = [makeRun({ id: 'a' })];
  const feed = source.feed();
  await feed.load();
  source.runs = [makeRun({ id: 'b' })];
  await feed.reload();
  assert.deepEqual([...feed.runs.keys()], ['b']);
  feed.dispose();
});
