import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntryPoint } from '../../../../src/domain/entryPoint.ts';
import { entryLenses, mayHoldEntry } from '../../../../src/extension/entries/lenses.ts';
import { makeRun } from '../makeRun.ts';

const entry: EntryPoint = {
  id: 'hydra:train.py',
  kind: 'hydra',
  title: 'train.py',
  file: '/lab/train.py',
  line: 12,
  reason: 'has @hydra.main',
  command: ['python', 'train.py'],
  cwd: '/lab',
  env: {},
  takes: 'hydra',
  role: 'train',
};
const describe = ({ name }: { name: string }): string => name;

test('lenses stand on the line of the entry point, and show the last run of it', () => {
  const runs = [
    makeRun({ id: 'old', entry: entry.id, createdAt: 1 }),
    makeRun({ id: 'new', entry: entry.id, createdAt: 2 }),
    makeRun({ id: 'other', createdAt: 3 }),
  ];
  const lenses = entryLenses('/lab/train.py', [entry], runs, describe);
  assert.deepEqual(
    lenses.map(({ line, title }) => [line, title]),
    [
      [11, '$(play) Launch'],
      [11, 'Launch With…'],
      [11, 'Last Run: new · 2 runs'],
    ],
  );
  assert.equal(lenses[2]?.run?.id, 'new');
});

test('other files, and entry points that stand in trainyard.yaml, have none', () => {
  assert.deepEqual(entryLenses('/lab/eval.py', [entry], [], describe), []);
  assert.deepEqual(entryLenses('/lab/train.py', [{ ...entry, kind: 'named' }], [], describe), []);
  const bare = entryLenses('/lab/train.py', [{ ...entry, takes: 'nothing' }], [], describe);
  assert.deepEqual(
    bare.map(({ action }) => action),
    ['launch'],
  );
});

test('only files that may hold an entry point cost a question to the worker', () => {
  assert.ok(mayHoldEntry('/a/train.py', '@hydra.main(version_base=None)\ndef main(cfg): ...'));
  assert.ok(mayHoldEntry('/a/app.py', 'app = modal.App("x")'));
  assert.ok(mayHoldEntry('/a/submit.slurm', '') && mayHoldEntry('/a/Makefile', '') && mayHoldEntry('/a/run.sh', ''));
  assert.equal(mayHoldEntry('/a/net.py', 'class Net(nn.Module): ...'), false);
  assert.equal(mayHoldEntry('/a/notes.md', '__main__'), false);
});
