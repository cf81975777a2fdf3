import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { RunDetail, RunSummary } from '../../../../src/domain/run.ts';
import { MetricsModel } from '../../../../webview/metrics/model.ts';
import { initialState, type MetricsState } from '../../../../webview/metrics/state.ts';
import { RunCache } from '../../../../webview/shared/runCache.ts';

const summary = (id: string, createdAt: number): RunSummary =>
  ({ id, name: `name of ${id}`, createdAt, labels: [], status: 'finished', statusReason: '' }) as unknown as RunSummary;

async function settle(cache: RunCache<RunDetail>): Promise<void> {
  while (cache.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

function open(count: number, state: Partial<MetricsState> = {}) {
  let most = 0;
  let running = 0;
  const cache = new RunCache<RunDetail>(async (runId) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    if (runId === ('broken' as RunId)) throw new Error('Its directory is gone.');
    return {
      id: runId,
      definitions: [],
      series: [
        { tag: 'train/loss', kind: 'scalar' },
        { tag: 'val/loss', kind: 'scalar' },
      ],
    } as unknown as RunDetail;
  });
  const model = new MetricsModel({ ...initialState(0), ...state }, cache);
  const runs = Array.from({ length: count }, (_, i) => summary(`run${i}`, i));
  model.setRuns(runs, []);
  return { model, cache, runs, mostAtOnce: () => most };
}

test('only the chosen runs are shown, and their details are fetched a few at a time', async () => {
  const { model, cache, runs, mostAtOnce } = open(100);
  model.choose(runs.slice(0, 60).map((run) => run.id));
  assert.equal(model.picture.runs.length, 60);
  assert.equal(model.picture.otherRuns, 40);
  await settle(cache);
  assert.ok(mostAtOnce() <= 16);
  assert.equal(model.picture.allTags, 2);
  assert.equal(model.picture.groups[0]!.cards[0]!.runIds.length, 60);
});

test('a run is asked for once, however often the panel looks, and again when it has logged something new', async () => {
  const asked: string[] = [];
  const cache = new RunCache<string>(async (runId) => {
    asked.push(runId);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return runId;
  });
  const ids = Array.from({ length: 40 }, (_, i) => `run${i}` as RunId);
  for (let i = 0; i < 5; i++) {
    cache.want(ids);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  while (cache.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(asked.length, 40);
  cache.refresh(ids[0]!);
  cache.refresh(ids[0]!);
  while (asked.length < 41) await new Promise((resolve) => setTimeout(resolve, 5));
  while (cache.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(asked.length, 41);
  cache.dispose();
});

test('isolating draws one run, a second time all; hiding ends an isolation', async () => {
  const { model, runs } = open(3);
  model.choose(runs.map((run) => run.id));
  const [a, b] = runs.map((run) => run.id) as [RunId, RunId];
  model.toggleHidden(a);
  assert.deepEqual([...model.picture.drawn], ['run1', 'run2']);
  model.toggleIsolated(a);
  assert.deepEqual([...model.picture.drawn], ['run0']);
  model.toggleIsolated(a);
  assert.deepEqual([...model.picture.drawn], ['run0', 'run1', 'run2']);
  model.toggleIsolated(b);
  model.toggleHidden(a);
  assert.deepEqual([...model.picture.drawn], ['run1', 'run2']);
});

test('filters go through runs and tags; a broken pattern hides nothing', async () => {
  const { model, cache, runs } = open(12);
  model.choose(runs.map((run) => run.id));
  void model.picture;
  await settle(cache);
  model.update({ runFilter: 'run1' });
  assert.deepEqual(
    model.picture.listed.map((run) => run.id),
    ['run1', 'run10', 'run11'],
  );
  model.update({ tagFilter: '^val' });
  assert.deepEqual(
    model.picture.groups.map((group) => group.name),
    ['val'],
  );
  model.update({ tagFilter: '^(val' });
  assert.equal(model.picture.groups.length, 2);
  assert.ok(model.picture.tagFilter.problem);
});

test('a run whose details cannot be had does not keep the others back, and is told', async () => {
  const { model, cache, runs } = open(2);
  model.setRuns([summary('broken', 9)], []);
  model.choose([...runs.map((run) => run.id), 'broken' as RunId]);
  void model.picture;
  await settle(cache);
  assert.deepEqual(model.picture.problems, ['Its directory is gone.']);
  assert.equal(model.picture.groups[0]!.cards[0]!.runIds.length, 2);
});

test('colours stay when runs come and go, and are kept with the state', () => {
  const { model, runs } = open(20);
  model.choose(runs.slice(0, 10).map((run) => run.id));
  const before = new Map(model.picture.styles);
  model.choose(runs.slice(5).map((run) => run.id));
  for (const id of runs.slice(5, 10).map((run) => run.id))
    assert.deepEqual(model.picture.styles.get(id), before.get(id));
  const again = open(20, { styles: model.state.styles });
  again.model.choose(runs.slice(5).map((run) => run.id));
  assert.deepEqual([...again.model.picture.styles], [...model.picture.styles]);
});
