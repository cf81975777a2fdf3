import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntryKind, EntryPoint } from '../../../../src/domain/entryPoint.ts';
import { type Launchables, launchRow, launchSections } from '../../../../src/extension/launch/entryRows.ts';
import { emptyMemory, keptCommand, remember, toggleFavourite } from '../../../../src/extension/launch/history.ts';

function makeEntry(kind: EntryKind, title: string, change: Partial<EntryPoint> = {}): EntryPoint {
  return {
    id: `${kind}:${title}`,
    kind,
    title,
    file: `/lab/${title}`,
    line: 3,
    reason: 'has a reason',
    command: ['python', title],
    cwd: '/lab',
    env: {},
    takes: 'arguments',
    role: 'train',
    ...change,
  };
}

function launchables(change: Partial<Launchables> = {}): Launchables {
  return { folder: '/lab', entries: [], pipelines: [], recipes: [], problems: [], memory: emptyMemory, ...change };
}

test('entry points stand under the heading of their kind, what trains first', () => {
  const entries = [
    makeEntry('make', 'make train'),
    makeEntry('hydra', 'eval.py', { role: 'evaluate' }),
    makeEntry('hydra', 'train.py'),
    makeEntry('slurm', 'submit.slurm'),
  ];
  const sections = launchSections(launchables({ entries }));
  assert.deepEqual(
    sections.map(({ title, choices }) => [title, choices.map((choice) => launchRow(choice, '/lab').label)]),
    [
      ['Hydra', ['train.py', 'eval.py']],
      ['SLURM', ['submit.slurm']],
      ['Make', ['make train']],
      ['Other', ['A command of your own…']],
    ],
  );
});

test('an empty folder still offers a command of one’s own, and says what could not be read', () => {
  const sections = launchSections(launchables({ problems: ['trainyard.yaml, line 3: no such key.'] }));
  assert.deepEqual(
    sections.map(({ title }) => title),
    ['Other', 'Problems'],
  );
});

test('favourites come first and are not repeated among the recent launches', () => {
  const kept = (args: string[]) => ({
    title: 'train.py',
    launch: keptCommand({
      requestId: 'x',
      folder: '/lab',
      entry: 'hydra:train.py',
      arguments: args,
      target: { name: 'box' },
      gpus: 2,
    }),
  });
  let memory = toggleFavourite(emptyMemory, kept(['lr=1']));
  memory = remember(remember(memory, kept(['lr=1'])), kept(["name='a b'"]));
  const [favourites, recent] = launchSections(launchables({ memory }));
  assert.deepEqual([favourites?.title, favourites?.choices.length], ['Favourites', 1]);
  assert.deepEqual([recent?.title, recent?.choices.length], ['Recent', 1]);
  const row = launchRow(recent!.choices[0]!, '/lab');
  assert.equal(row.icon, 'history');
  assert.match(row.description, /name=.* on box, 2 GPUs$/);
});

test('a row names place, command and reason', () => {
  const row = launchRow({ kind: 'entry', entry: makeEntry('script', 'train.py') }, '/lab');
  assert.deepEqual(row, {
    label: 'train.py',
    description: 'train.py:3',
    detail: 'python train.py · has a reason',
    icon: 'symbol-method',
  });
});
