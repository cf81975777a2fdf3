import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunId } from '../../../src/domain/ids.ts';
import { type LinkableRun, linkEntries, shellWords } from '../../../src/domain/logLinks.ts';
import { parseExperimentLog } from '../../../src/readers/experimentLog/parse.ts';

const run = (id: string, change: Partial<LinkableRun> = {}): LinkableRun => ({
  id: id as RunId,
  name: id,
  path: `/lab/runs/${id}`,
  createdAt: 0,
  ...change,
});
const entry = (...body: string[]) => parseExperimentLog(['### 1: x', ...body].join('\n'), '/lab/EXPERIMENT_LOG.md');
const command = (...lines: string[]) => entry('```bash', ...lines, '```');
const links = (entries: ReturnType<typeof entry>, ...runs: LinkableRun[]) =>
  linkEntries(entries, runs).map(({ runId, why }) => [runId, why]);

test('a run is named by its name, its folder, and what it was started as', () => {
  const named = command('python launcher.py run_name=unet_a epochs=2');
  const why = "The entry's command names unet_a.";
  assert.deepEqual(
    links(
      named,
      run('unet_a', { createdAt: 1 }),
      run('renamed', { path: '/lab/runs/unet_a', createdAt: 3 }),
      run('outputs/2026-01-08/12-12-03', { startedAs: 'unet_a', createdAt: 2 }),
      run('unet_ab'),
    ),
    [
      ['renamed', why],
      ['outputs/2026-01-08/12-12-03', why],
      ['unet_a', why],
    ],
  );
});

test('a checkpoint leads to the run that it lies in, and to the run that it is named after', () => {
  const text = entry('**Checkpoints:** `unet_a_epoch_{0005,0010}.pt`, `outputs/b/checkpoints/last.ckpt`, `last.pt`');
  assert.deepEqual(
    links(
      text,
      run('unet_a'),
      run('b', { path: '/lab/outputs/b' }),
      run('outer', { path: '/lab/outputs' }),
      run('last'),
    ),
    [
      ['unet_a', 'The entry names its checkpoint unet_a_epoch_0005.pt.'],
      ['b', 'The entry names its checkpoint last.ckpt.'],
    ],
  );
  const kept = entry('python eval.py --checkpoint /elsewhere/ckpts/x.pt');
  assert.deepEqual(links(kept, run('c', { outputs: ['/elsewhere/ckpts'] }), run('d', { path: '/elsewhere/ckpt' })), [
    ['c', 'The entry names its checkpoint x.pt.'],
  ]);
});

test('the same command leads to the run, whatever started it and in whatever order', () => {
  const same = command("python src/train.py model=unet 'tags=[a, b]' optimizer.lr=0.1");
  const why = 'It was started with the command of the entry.';
  const started = (id: string, ...words: string[]) => run(id, { command: words });
  assert.deepEqual(
    links(
      same,
      started('same', '/usr/bin/python3', '/lab/src/train.py', 'optimizer.lr=0.1', 'model=unet', 'tags=[a, b]'),
      started('other', 'python', 'src/train.py', 'model=unet', 'tags=[a, b]', 'optimizer.lr=0.2'),
      started('program', 'python', 'src/eval.py', 'model=unet', 'tags=[a, b]', 'optimizer.lr=0.1'),
    ),
    [['same', why]],
  );
  assert.deepEqual(links(command('python train.py'), started('bare', 'python', 'train.py')), []);
});

test('a table names runs in a column of runs only', () => {
  const table = entry('| Run | Model |', '|---|---|', '| cifar10_test | unet |', '| a | b |');
  assert.deepEqual(links(table, run('cifar10_test'), run('unet'), run('a')), [
    ['cifar10_test', 'A table of the entry names cifar10_test.'],
  ]);
});

test('words are split as a shell does it', () => {
  assert.deepEqual(shellWords(`a 'b c' "d \\"e\\" f"g h\\ i  '' "open`), ['a', 'b c', 'd "e" fg', 'h i', '', '"open']);
});
