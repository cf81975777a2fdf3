import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { LogEntry } from '../../../../src/domain/logEntry.ts';
import { collectEntries, entryLook } from '../../../../src/extension/experimentLog/model.ts';
import { makeRun } from '../makeRun.ts';

function entry(change: Partial<LogEntry>): LogEntry {
  return {
    file: '/lab/EXPERIMENT_LOG.md',
    line: 1,
    phase: 'Phase 1',
    title: 't',
    status: 'COMPLETED',
    command: '',
    commands: [],
    runNames: [],
    tables: [],
    checkpoints: [],
    dates: [],
    conclusion: '',
    ...change,
  };
}

test('entries stand under their phases in the order of the file, with the runs that they name', () => {
  const runs = [
    makeRun({ id: 'old', name: 'mnist', createdAt: 1 }),
    makeRun({ id: 'new', name: 'mnist', createdAt: 2 }),
    makeRun({ id: 'dir', name: 'Renamed', path: '/lab/runs/first-name' }),
  ];
  const tree = collectEntries(
    [
      entry({ title: 'b', runNames: ['mnist', 'mnist', 'unknown'] }),
      entry({ title: 'a', phase: '' }),
      entry({ title: 'c', runNames: ['first-name'] }),
    ],
    runs,
  );
  const outline = tree.map(({ title, children }) => [
    title,
    children.map((one) => [one.entry.title, one.children.map(({ runId }) => runId)]),
  ]);
  assert.deepEqual(outline, [
    [
      'Phase 1',
      [
        ['b', ['new']],
        ['c', ['dir']],
      ],
    ],
    ['Entries', [['a', []]]],
  ]);
});

test('runs that the worker linked stand first, with the reason, and once', () => {
  const runs = [makeRun({ id: 'a', name: 'mnist' }), makeRun({ id: 'b', name: 'other' })];
  const file = '/lab/EXPERIMENT_LOG.md';
  const links = (['b', 'a', 'gone'] as RunId[]).map((runId) => ({ file, line: 1, runId, why: `Because of ${runId}.` }));
  const [phase] = collectEntries([entry({ runNames: ['mnist'] }), entry({ title: 'u', line: 9 })], runs, links);
  assert.deepEqual(
    phase!.children.map(({ children }) => children.map(({ runId, why }) => [runId, why])),
    [
      [
        ['b', 'Because of b.'],
        ['a', 'Because of a.'],
      ],
      [],
    ],
  );
});

test('entries of one title keep ids of their own, which do not depend on the line', () => {
  const at = (line: number): readonly string[] =>
    collectEntries([entry({ line }), entry({ line: line + 9 })], []).flatMap(({ children }) =>
      children.map(({ id }) => id),
    );
  assert.equal(new Set(at(1)).size, 2);
  assert.deepEqual(at(1), at(100));
});

test('the many words for a status get their icons', () => {
  const icons = [
    'COMPLETED',
    'done',
    'In progress',
    'FAILED (OOM)',
    'PENDING',
    'ABANDONED',
    'strange',
    '',
    '✅ DONE',
  ].map((status) => entryLook(status).icon);
  assert.deepEqual(icons, ['pass', 'pass', 'sync', 'error', 'clock', 'circle-slash', 'note', 'note', 'pass']);
});
