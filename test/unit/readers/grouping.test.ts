import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FoundRun, placeKey } from '../../../src/domain/records.ts';
import type { RunSource } from '../../../src/domain/run.ts';
import { groupRuns, type Verdict } from '../../../src/readers/index.ts';

const at = (source: RunSource, path: string, key?: string): FoundRun => ({
  source,
  path: `/w/${path}`,
  ...(key === undefined ? {} : { key }),
  root: '/w',
  name: path,
});

/** The runs as "source path + source path", parts in their order. */
const grouped = (runs: readonly FoundRun[], ...more: Parameters<typeof groupRuns>[1][]) =>
  groupRuns(runs, ...more).map((run) =>
    [run, ...(run.parts ?? [])]
      .map((place) => `${place.source} ${place.path.slice(3)}${'continues' in place ? ' (continues)' : ''}`)
      .join(' + '),
  );

test('what different loggers wrote into one folder is one run, and several runs of one kind there are several', () => {
  assert.deepEqual(
    grouped([at('lightning', 'a'), at('tensorboard', 'a'), at('csv', 'b/progress.csv'), at('tensorboard', 'b')]),
    ['lightning a + tensorboard a', 'csv b/progress.csv + tensorboard b'],
  );
  const results = [at('csv', 'r/a.csv'), at('csv', 'r/b.csv'), at('tensorboard', 'r')];
  assert.equal(grouped(results).length, 3);
  assert.equal(
    grouped([at('slurm', 'slurm-1.out'), at('csv', 'metrics.csv')]).length,
    2,
    'jobs print beside everything',
  );
  assert.equal(grouped([at('trackio', 'x.db', 'a'), at('tensorboard', '.')]).length, 2, 'a database holds many runs');
  assert.equal(grouped([at('trainyard', 'a'), at('csv', 'a/m.csv')]).length, 2, 'runs of ours have links of their own');
});

test('directories of one W&B id are one run in the order of their starts; a copy and a chosen id elsewhere are not', () => {
  const runs = [
    at('wandb', 'wandb/run-20260102_000000-ab12cd34'),
    at('wandb', 'wandb/offline-run-20260101_000000-ab12cd34'),
    at('wandb', 'other/wandb/run-20260103_000000-ab12cd34'),
    at('wandb', 'copy/wandb/run-20260103_000000-ab12cd34'),
    at('wandb', 'x/wandb/run-20260101_000000-baseline'),
    at('wandb', 'y/wandb/run-20260102_000000-baseline'),
  ];
  const [first] = groupRuns(runs);
  assert.equal(first?.path, '/w/wandb/offline-run-20260101_000000-ab12cd34');
  assert.deepEqual(
    first?.parts?.map(({ continues, why }) => [continues, why]),
    [
      [true, 'Both have the same W&B id.'],
      [true, 'Both have the same W&B id.'],
    ],
  );
  assert.equal(grouped(runs).length, 4);
});

test('a Hydra output folder holds one run with all its loggers, and stays apart from what it holds several of', () => {
  const tree = [
    at('hydra', 'logs/1'),
    at('lightning', 'logs/1/csv/version_0'),
    at('tensorboard', 'logs/1/tensorboard/version_0'),
    at('wandb', 'logs/1/wandb/run-20260101_000000-ab12cd34'),
    at('hydra', 'multirun/d/0'),
    at('csv', 'multirun/d/0/metrics.csv'),
    at('hydra', 'multirun/d/1'),
    at('hydra', 'seeds'),
    at('tensorboard', 'seeds/1'),
    at('tensorboard', 'seeds/2'),
  ];
  assert.deepEqual(grouped(tree), [
    'hydra logs/1 + wandb logs/1/wandb/run-20260101_000000-ab12cd34 + lightning logs/1/csv/version_0 + tensorboard logs/1/tensorboard/version_0',
    'hydra multirun/d/0 + csv multirun/d/0/metrics.csv',
    'hydra multirun/d/1',
    'hydra seeds',
    'tensorboard seeds/1',
    'tensorboard seeds/2',
  ]);
});

test('a repository that is itself an output folder of Hydra (run.dir=.) takes nothing of what lies in it, nor does one around other outputs', () => {
  const root: FoundRun = { source: 'hydra', path: '/w', root: '/w', name: 'w' };
  assert.equal(grouped([root, at('tensorboard', 'other/tb')]).length, 2);
  assert.equal(grouped([at('hydra', 'p'), at('hydra', 'p/outputs/d/t'), at('tensorboard', 'p/tb')]).length, 3);
});

test('versions of Lightning in folders of their loggers, hyperparameters in a folder of their own, and logs of the Trainer', () => {
  const runs = [
    at('lightning', 'csv/version_0'),
    at('tensorboard', 'tensorboard/version_0'),
    at('lightning', 'csv/version_1'),
    at('lightning', 'csv_logs/net/version_0'),
    at('tensorboard', 'tb_logs/net/version_0'),
    at('tensorboard', 'a/version_7'),
    at('lightning', 'b/version_7'),
    at('tensorboard', 'hp'),
    at('tensorboard', 'hp/1700000000.123'),
    at('hf-trainer', 'out'),
    at('tensorboard', 'out/runs/Nov22_10-00-00_host'),
    at('hf-trainer', 'two'),
    at('tensorboard', 'two/runs/Nov22_10-00-00_host'),
    at('tensorboard', 'two/runs/Nov23_10-00-00_host'),
  ];
  assert.deepEqual(
    grouped(runs).filter((text) => text.includes('+')),
    [
      'lightning csv/version_0 + tensorboard tensorboard/version_0',
      'lightning csv_logs/net/version_0 + tensorboard tb_logs/net/version_0',
      'tensorboard hp + tensorboard hp/1700000000.123',
      'hf-trainer out + tensorboard out/runs/Nov22_10-00-00_host',
    ],
  );
});

const verdict = (one: FoundRun, other: FoundRun, said: Verdict['verdict']): Verdict => ({
  one: placeKey(one),
  other: placeKey(other),
  verdict: said,
  why: 'You said so.',
});

test('what was decided holds: together over everything that lies between, and apart whatever way leads around', () => {
  const [db, log, hydra] = [at('trackio', 't.db', 'k'), at('tensorboard', 'h/t'), at('hydra', 'h')];
  const all = [db, log, hydra];
  assert.deepEqual(grouped(all, { verdicts: [verdict(db, log, 'same')] }), [
    'hydra h + trackio t.db + tensorboard h/t',
  ]);
  const apart = [verdict(db, log, 'same'), verdict(db, hydra, 'apart')];
  assert.deepEqual(grouped(all, { verdicts: apart }), ['trackio t.db', 'hydra h + tensorboard h/t']);
  const alone = [verdict(hydra, log, 'apart'), verdict(db, log, 'same')];
  assert.deepEqual(grouped(all, { verdicts: alone }), ['trackio t.db + tensorboard h/t', 'hydra h']);
  const [merged] = groupRuns(all, { verdicts: [verdict(db, log, 'same')] });
  assert.deepEqual(
    merged?.parts?.map(({ why }) => why),
    ['You said so.', 'One lies in the output folder of Hydra that the other is.'],
  );
});

test('a place that stands for a run already goes on doing so', () => {
  const runs = [at('hydra', 'h'), at('tensorboard', 'h/t'), at('wandb', 'h/wandb/run-20260101_000000-ab12cd34')];
  const known = placeKey(runs[1]!);
  assert.deepEqual(grouped(runs, { leads: (id) => id === known }), [
    'tensorboard h/t + hydra h + wandb h/wandb/run-20260101_000000-ab12cd34',
  ]);
});
