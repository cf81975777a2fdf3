import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunId } from '../../../../src/domain/ids.ts';
import { type RunSummary, runStatuses } from '../../../../src/domain/run.ts';
import { type GroupNode, RunsModel } from '../../../../src/extension/runs/model.ts';
import { groupings, initialViewState, type RunsViewState, sortings } from '../../../../src/extension/runs/viewState.ts';
import { makeRun } from '../makeRun.ts';

const now = (): Date => new Date('2026-11-22T12:00:00');

/** Groups with the names of their runs, as a person reads the tree. */
function shown(model: RunsModel): Record<string, string[]> {
  return Object.fromEntries(model.groups.map((group) => [group.facts.title, group.runs.map(({ run }) => run.name)]));
}

function filled(runs: readonly RunSummary[], view: Partial<RunsViewState> = {}): RunsModel {
  const model = new RunsModel(now);
  model.setView({ ...initialViewState, ...view });
  model.replaceAll(runs);
  return model;
}

test('runs are grouped by status in the order of urgency, newest first', () => {
  const model = filled([
    makeRun({ id: 'old', createdAt: 1 }),
    makeRun({ id: 'new', createdAt: 2 }),
    makeRun({ id: 'killed', status: 'killed' }),
    makeRun({ id: 'live', status: 'running' }),
    makeRun({ id: 'next', status: 'queued' }),
    makeRun({ id: 'gone', archived: true }),
  ]);
  assert.deepEqual(shown(model), { Running: ['live'], Queued: ['next'], Failed: ['killed'], Finished: ['new', 'old'] });
});

test('days are local ones, newest first, with names for the last two', () => {
  const at = (text: string): number => new Date(text).getTime() / 1000;
  const model = filled(
    [
      makeRun({ id: 'a', createdAt: at('2026-11-22T00:10:00') }),
      makeRun({ id: 'b', createdAt: at('2026-11-21T23:50:00') }),
      makeRun({ id: 'c', createdAt: at('2026-10-03T08:00:00') }),
    ],
    { grouping: 'day' },
  );
  assert.deepEqual(Object.keys(shown(model)), ['Today', 'Yesterday', '2026-10-03']);
});

test('without groups the runs themselves are the first level', () => {
  const model = filled([makeRun({ id: 'a' }), makeRun({ id: 'b', createdAt: 1 })], { grouping: 'none' });
  assert.deepEqual(
    model.roots.map((node) => node.kind === 'run' && node.run.name),
    ['a', 'b'],
  );
});

test('a metric orders upwards or downwards, and runs without one come last', () => {
  const metric = (id: string, value?: number): RunSummary =>
    makeRun({ id, metrics: value === undefined ? [] : [{ tag: 'loss', value, step: 1, min: value, max: value }] });
  const runs = [metric('none'), metric('two', 2), metric('nan', Number.NaN), metric('minus', -1)];
  assert.deepEqual(shown(filled(runs, { sorting: 'metricLow' }))['Finished']?.slice(0, 2), ['minus', 'two']);
  assert.deepEqual(shown(filled(runs, { sorting: 'metricHigh' }))['Finished']?.slice(0, 2), ['two', 'minus']);
});

test('names are ordered as people count', () => {
  const runs = ['run-10', 'run-9', 'Run-1'].map((id) => makeRun({ id }));
  assert.deepEqual(shown(filled(runs, { sorting: 'name' }))['Finished'], ['Run-1', 'run-9', 'run-10']);
});

test('new values of a run draw its row again and nothing else', () => {
  const live = makeRun({ id: 'live', status: 'running' });
  const model = filled([live, makeRun({ id: 'done' })]);
  const node = model.node(live.id);
  const change = model.apply([{ ...live, progress: { step: 5, totalSteps: 10 } }], []);
  assert.deepEqual(change, { kind: 'rows', rows: [node] });
  assert.equal(node?.run.progress?.step, 5);
});

test('a run that ends moves to another group, and only both groups are drawn again', () => {
  const live = makeRun({ id: 'live', status: 'running' });
  const model = filled([live, makeRun({ id: 'other', status: 'running' }), makeRun({ id: 'done' })]);
  const node = model.node(live.id);
  const change = model.apply([{ ...live, status: 'finished' }], []);
  const titles = change.kind === 'rows' ? change.rows.map((row) => (row as GroupNode).facts.title) : change.kind;
  assert.deepEqual(titles, ['Running', 'Finished']);
  assert.equal(model.node(live.id), node, 'the row stays the same object, so that it stays selected');
});

test('a group that appears or empties draws everything again', () => {
  const live = makeRun({ id: 'live', status: 'running' });
  const model = filled([makeRun({ id: 'done' })]);
  assert.equal(model.apply([live], []).kind, 'all');
  assert.equal(model.apply([], [live.id]).kind, 'all');
  assert.deepEqual(shown(model), { Finished: ['done'] });
});

test('changes of runs that are not shown draw nothing', () => {
  const model = filled([makeRun({ id: 'a' })], { filter: 'name:a' });
  assert.deepEqual(model.apply([makeRun({ id: 'zzz' })], []), { kind: 'none' });
  assert.deepEqual(model.apply([], ['unknown' as RunId]), { kind: 'none' });
});

const runs = fc.record({
  id: fc.integer({ min: 0, max: 30 }).map((number) => `r${number}` as RunId),
  status: fc.constantFrom(...runStatuses),
  archived: fc.boolean(),
  createdAt: fc.integer({ min: 1_790_000_000, max: 1_790_400_000 }),
  recipe: fc.constantFrom('meanflow', 'classifier'),
  value: fc.oneof(fc.double({ min: -5, max: 5, noNaN: true }), fc.constant(Number.NaN)),
});
const batches = fc.array(
  fc.record({
    changed: fc.array(runs, { maxLength: 8 }),
    removed: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 3 }),
  }),
  { maxLength: 12 },
);
const views = fc.record({
  grouping: fc.constantFrom(...groupings),
  sorting: fc.constantFrom(...sortings),
  filter: fc.constantFrom('', 'r1', '-r2', 'status:failed'),
  showArchived: fc.boolean(),
});

test('after any changes the tree is the one that is built anew from the same runs', () => {
  fc.assert(
    fc.property(views, batches, (view, steps) => {
      const model = filled([], view);
      for (const { changed, removed } of steps) {
        const summaries = changed.map(({ value, id, ...rest }) =>
          makeRun({ ...rest, id, metrics: [{ tag: 'loss', value, step: 1, min: value, max: value }] }),
        );
        model.apply(
          summaries,
          removed.map((number) => `r${number}` as RunId),
        );
      }
      const anew = filled([...model.runs.values()], view);
      assert.deepEqual(shown(model), shown(anew));
      for (const group of model.groups) {
        assert.ok(group.runs.length > 0);
        for (const node of group.runs) assert.ok(node.group === group && model.node(node.runId) === node);
      }
    }),
    { numRuns: 300 },
  );
});
