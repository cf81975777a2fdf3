import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { FoundRun } from '../../../src/domain/records.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import { lightningFormat } from '../../../src/readers/lightning/format.ts';
import { tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { scalarV1, temporaryFolder, version } from './support/events.ts';

const runAt = (folder: string): FoundRun => ({ source: 'lightning', path: folder, root: folder, name: 'run' });

/** As CSVLogger writes it: a row per call of `log`, ragged, sorted columns, values at the same step in several rows. */
const metrics = [
  'epoch,hp_metric,lr,step,train_loss,val/acc',
  ',-1,,0,,',
  '0,,0.001,49,0.5931471805599453,',
  '0,,0.001,99,0.30000000000000004,',
  '0,,,99,,0.8125',
  '1,,1e-05,149,nan,',
  '1,,1e-05,149,inf,',
  '1,,,100,-inf,0.9',
].join('\n');

describe('Lightning folders', () => {
  it('gives every cell as it stands, with repeated and backward steps', async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(path.join(folder, 'metrics.csv'), `${metrics}\n`);
    writeFileSync(path.join(folder, 'hparams.yaml'), 'lr: 0.001\nnet: !!python/object:torch.nn.Linear\n  width: 8\n');
    mkdirSync(path.join(folder, 'checkpoints'));
    const read = new Gatherer();
    const reader = lightningFormat.open(runAt(folder));
    context.after(() => reader.dispose());
    await pollAll(reader, read);
    const { scalars, facts } = read.rows;
    assert.deepEqual(Object.keys(scalars).sort(), ['epoch', 'hp_metric', 'lr', 'train_loss', 'val/acc']);
    assert.deepEqual(scalars['train_loss']!.steps, [49, 99, 149, 149, 100]);
    assert.deepEqual(scalars['train_loss']!.values, [
      0.5931471805599453,
      0.30000000000000004,
      Number.NaN,
      Infinity,
      -Infinity,
    ]);
    assert.deepEqual(scalars['val/acc'], {
      steps: [99, 100],
      wallTimes: [Number.NaN, Number.NaN],
      values: [0.8125, 0.9],
    });
    assert.deepEqual(scalars['hp_metric']!.values, [-1]);
    assert.deepEqual(facts.config, { lr: 0.001, net: { width: 8 } });
    assert.deepEqual(facts.outputs, [path.join(folder, 'checkpoints')]);
    assert.equal(facts.status, 'unknown');
    assert.deepEqual(read.problems, []);
  });

  it('gives the same rows for any cut of the bytes', async (context) => {
    const folder = path.join(temporaryFolder(context), 'run');
    for (const lineEnd of ['\n', '\r\n']) {
      const files = {
        'metrics.csv': Buffer.from(`${metrics}\n`.replaceAll('\n', lineEnd)),
        'hparams.yaml': Buffer.from('lr: 1\n'),
      };
      await assertAnyCut({ format: lightningFormat, files, run: runAt, folder });
    }
  });

  it('starts anew when the header became wider in place, even where the file is no shorter', async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, 'metrics.csv');
    writeFileSync(file, 'epoch,step,train_loss\n0,1,0.5\n');
    const read = new Gatherer();
    const reader = lightningFormat.open(runAt(folder));
    context.after(() => reader.dispose());
    let cursor = await pollAll(reader, read);
    appendFileSync(file, '0,2,0.25\n');
    cursor = await pollAll(reader, read, cursor);
    assert.equal(read.resets, 0);
    assert.deepEqual(read.rows.scalars['train_loss']!.values, [0.5, 0.25]);
    writeFileSync(file, 'epoch,step,train_loss,val_loss\n0,1,0.5,\n0,2,0.25,\n0,2,,0.75\n');
    cursor = await pollAll(reader, read, cursor);
    assert.equal(read.resets, 1);
    assert.deepEqual(read.rows.scalars['val_loss'], { steps: [2], wallTimes: [Number.NaN], values: [0.75] });
    writeFileSync(`${file}.new`, 'epoch,step,train_loss,val_loss\n0,1,0.125,\n');
    renameSync(`${file}.new`, file);
    await pollAll(reader, read, cursor);
    assert.equal(read.resets, 2);
    assert.deepEqual(read.rows.scalars['train_loss']!.values, [0.125]);
  });

  it('finds versions with metrics and with nothing, says so, and leaves events to their own format', async (context) => {
    const root = temporaryFolder(context);
    const make = (name: string, ...files: readonly string[]): void => {
      mkdirSync(path.join(root, name), { recursive: true });
      for (const file of files) writeFileSync(path.join(root, name, file), '{}\n');
    };
    make('lightning_logs/version_0', 'metrics.csv', 'hparams.yaml');
    make('lightning_logs/version_1', 'hparams.yaml');
    make('tb/version_0', 'hparams.yaml', 'events.out.tfevents.1700000000.host');
    make('logs/mine', 'metrics.csv', 'hparams.yaml');
    make('recipe', 'hparams.yaml');
    make('data', 'metrics.csv');
    const { runs } = await discover(root, [lightningFormat]);
    assert.deepEqual(
      runs.map(({ name }) => name),
      ['lightning_logs/version_0', 'lightning_logs/version_1', 'logs/mine'],
    );
    const reader = lightningFormat.open(runs[1]!);
    context.after(() => reader.dispose());
    const { facts } = await reader.poll(undefined, { maxBytes: 1 << 20 });
    assert.match(facts.statusReason!, /There is no metrics\.csv/);
  });

  it('of the TensorBoardLogger have their hyperparameters beside the events', async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(
      path.join(folder, 'events.out.tfevents.1700000000.host'),
      Buffer.concat([version(), scalarV1(5, 1, 'a', 1)]),
    );
    writeFileSync(path.join(folder, 'hparams.yaml'), 'lr: 0.5\n');
    const reader = tensorboardFormat.open({ ...runAt(folder), source: 'tensorboard' });
    context.after(() => reader.dispose());
    const { facts } = await reader.poll(undefined, { maxBytes: 1 << 20 });
    assert.deepEqual(facts.config, { lr: 0.5 });
    assert.deepEqual(facts.configFiles, [path.join(folder, 'hparams.yaml')]);
  });
});
