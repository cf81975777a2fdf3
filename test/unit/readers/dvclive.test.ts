import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { FoundRun, ReaderCursor } from '../../../src/domain/records.ts';
import { csvFormat } from '../../../src/readers/csv/format.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import { dvcliveFormat } from '../../../src/readers/dvclive/format.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const runAt = (folder: string): FoundRun => ({ source: 'dvclive', path: folder, root: folder, name: 'run' });

function write(folder: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

function openIn(context: TestContext, folder: string) {
  const reader = dvcliveFormat.open(runAt(folder));
  context.after(() => reader.dispose());
  const read = new Gatherer();
  let cursor: ReaderCursor | undefined;
  return async (): Promise<Gatherer> => {
    cursor = await pollAll(reader, read, cursor);
    return read;
  };
}

describe('DVCLive folders', () => {
  it('give a series per table, pictures by step, parameters and the last values', async (context) => {
    const folder = path.join(temporaryFolder(context), 'dvclive');
    write(folder, 'metrics.json', '{"metrics": {"mAP50(B)": 0.5}, "loss": "nan", "step": 2}');
    write(folder, 'params.yaml', 'lr: 0.1\n');
    write(folder, 'plots/metrics/metrics/mAP50(B).tsv', 'step\tmAP50(B)\n0\t0.25\n1\t0.5\n');
    write(folder, 'plots/metrics/loss.tsv', 'timestamp\tstep\tloss\n1700000000500\t0\t1.5\n1700000001500\t1\tnan\n');
    write(folder, 'plots/images/samples/0.png', 'png');
    write(folder, 'plots/images/samples/1.png', 'png');
    write(folder, 'plots/images/confusion.jpg', 'jpg');
    const poll = openIn(context, folder);
    let { rows, resets, problems } = await poll();
    assert.deepEqual(rows.scalars, {
      'metrics/mAP50(B)': { steps: [0, 1], wallTimes: [NaN, NaN], values: [0.25, 0.5] },
      loss: { steps: [0, 1], wallTimes: [1700000000.5, 1700000001.5], values: [1.5, NaN] },
    });
    assert.deepEqual(
      rows.media.map(({ tag, step, mime, place }) => [tag, step, mime, place.at === 'file' && place.file]),
      [
        ['confusion.jpg', 0, 'image/jpeg', 'plots/images/confusion.jpg'],
        ['samples', 0, 'image/png', 'plots/images/samples/0.png'],
        ['samples', 1, 'image/png', 'plots/images/samples/1.png'],
      ],
    );
    assert.deepEqual(rows.facts.config, { lr: 0.1 });
    assert.deepEqual(rows.facts.summary, { metrics: { 'mAP50(B)': 0.5 }, loss: 'nan' });
    assert.deepEqual(rows.facts.progress, { step: 2 });
    // It goes on, with another metric and another picture.
    appendFileSync(path.join(folder, 'plots/metrics/loss.tsv'), '1700000002500\t2\tinf\n');
    write(folder, 'plots/metrics/acc.tsv', 'step\tacc\n2\t0.75\n');
    write(folder, 'plots/images/samples/2.png', 'png');
    ({ rows, resets, problems } = await poll());
    assert.deepEqual([resets, problems], [0, []]);
    assert.deepEqual(rows.scalars['loss']!.values, [1.5, NaN, Infinity]);
    assert.deepEqual(rows.scalars['acc']!.values, [0.75]);
    assert.equal(rows.media.length, 4);
    assert.equal(rows.facts.status, 'running');
    // Another training in the same folder clears it.
    rmSync(path.join(folder, 'plots'), { recursive: true });
    write(folder, 'plots/metrics/loss.tsv', 'step\tloss\n0\t7\n');
    ({ rows, resets } = await poll());
    assert.equal(resets, 1);
    assert.deepEqual(rows.scalars, { loss: { steps: [0], wallTimes: [NaN], values: [7] } });
    assert.deepEqual(rows.media, []);
  });

  it('of early versions hold their tables in other places', async (context) => {
    const root = temporaryFolder(context);
    write(root, 'a/dvclive/scalars/train/loss.tsv', 'timestamp\tstep\tloss\n1700000000500\t3\t1\n');
    write(root, 'b/dvclive/loss.tsv', 'timestamp\tstep\tloss\n1700000000500\t3\t1\n');
    assert.deepEqual(Object.keys((await openIn(context, path.join(root, 'a/dvclive'))()).rows.scalars), ['train/loss']);
    assert.deepEqual(Object.keys((await openIn(context, path.join(root, 'b/dvclive'))()).rows.scalars), ['loss']);
  });

  it('give the same rows for any cut of the bytes', async (context) => {
    const folder = path.join(temporaryFolder(context), 'dvclive');
    const files = {
      'metrics.json': Buffer.from('{"loss": 1, "step": 2}'),
      'plots/metrics/loss.tsv': Buffer.from('timestamp\tstep\tloss\n1700000000500\t0\t1.5\n1700000001500\t1\t-inf\n'),
      'plots/metrics/val/acc.tsv': Buffer.from('step\tacc\n0\t0.125\n0\t0.25\n'),
    };
    await assertAnyCut({ format: dvcliveFormat, files, run: runAt, folder });
  });

  it('are found once, and their tables are no logs of their own', async (context) => {
    const root = temporaryFolder(context);
    write(root, 'exp/dvclive/metrics.json', '{}');
    write(root, 'exp/dvclive/plots/metrics/loss.tsv', 'step\tloss\n0\t7\n');
    write(root, 'live/metrics.json', '{}');
    write(root, 'live/plots/metrics/train/loss.tsv', 'step\tloss\n0\t7\n');
    write(root, 'live/src/log.csv', 'step,loss\n0,7\n');
    const { runs } = await discover(root, [dvcliveFormat, csvFormat]);
    assert.deepEqual(
      runs.map(({ source, name }) => [source, name]),
      [
        ['dvclive', 'exp/dvclive'],
        ['dvclive', 'live'],
        ['csv', 'live/src'],
      ],
    );
  });
});
