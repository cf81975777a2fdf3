import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { FoundRun } from '../../../src/domain/records.ts';
import { csvFormat } from '../../../src/readers/csv/format.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const runAt = (file: string): FoundRun => ({ source: 'csv', path: file, root: path.dirname(file), name: 'run' });

async function readTable(context: TestContext, text: string | Uint8Array, name = 'log.csv'): Promise<Gatherer> {
  const file = path.join(temporaryFolder(context), name);
  writeFileSync(file, text);
  return readFile(context, file);
}

async function readFile(context: TestContext, file: string): Promise<Gatherer> {
  const read = new Gatherer();
  const reader = csvFormat.open(runAt(file));
  context.after(() => reader.dispose());
  await pollAll(reader, read);
  return read;
}

const values = (read: Gatherer) =>
  Object.fromEntries(Object.entries(read.rows.scalars).map(([tag, { values: column }]) => [tag, column]));

describe('CSV logs', () => {
  it('of Keras: NA is no value, arrays are tags of their own, epochs may begin again', async (context) => {
    const text =
      'epoch,accuracy,loss,weights\r\n0,0.5,1.25,"[0.1, 0.2]"\r\n1,NA,nan,"[0.3, inf]"\r\nepoch,accuracy,loss,weights\r\n0,0.75,0.5,NA\r\n';
    const read = await readTable(context, text, 'training.log');
    assert.deepEqual(values(read), {
      epoch: [0, 1, 0],
      accuracy: [0.5, 0.75],
      loss: [1.25, Number.NaN, 0.5],
      'weights/0': [0.1, 0.3],
      'weights/1': [0.2, Infinity],
    });
    assert.deepEqual(read.rows.scalars['accuracy']!.steps, [0, 0]);
    assert.deepEqual(read.problems, []);
  });

  it('of YOLO: padded names and values; the time since the start stays a figure', async (context) => {
    const text =
      '                  epoch,                   time,         train/box_loss\n                      1,                12.5,                0.75\n                      2,                25.5,                 0.5\n';
    const read = await readTable(context, text, 'results.csv');
    assert.deepEqual(values(read), { epoch: [1, 2], time: [12.5, 25.5], 'train/box_loss': [0.75, 0.5] });
    assert.deepEqual(read.rows.scalars['time']!.wallTimes, [Number.NaN, Number.NaN]);
  });

  it('of a monitor: episodes with their time of day, and what the comment says', async (context) => {
    const text = '#{"t_start": 1700000000.5, "env_id": "CartPole-v1"}\nr,l,t\n12.0,12,0.25\n9.5,9,0.75\n';
    const read = await readTable(context, text, 'monitor.csv');
    assert.deepEqual(values(read), { r: [12, 9.5], l: [12, 9], t: [0.25, 0.75] });
    assert.deepEqual(read.rows.scalars['r']!.steps, [0, 1]);
    assert.deepEqual(read.rows.scalars['r']!.wallTimes, [1700000000.75, 1700000001.25]);
    assert.deepEqual(read.rows.facts.config, { t_start: 1700000000.5, env_id: 'CartPole-v1' });
    assert.equal(read.rows.facts.startedAt, 1700000000.75);
  });

  it('takes total timesteps for steps, and times of day for times', async (context) => {
    const text =
      'rollout/ep_rew_mean,time/iterations,time/total_timesteps,timestamp,note\n1.5,1,2048,2026-01-02T03:04:05+00:00,"a, ""b""\nc"\n,2,4096,2026-01-02T03:04:06.5Z,\n';
    const read = await readTable(context, text, 'progress.csv');
    assert.deepEqual(read.rows.scalars['rollout/ep_rew_mean'], {
      steps: [2048],
      wallTimes: [1767323045],
      values: [1.5],
    });
    assert.deepEqual(read.rows.scalars['time/iterations'], {
      steps: [2048, 4096],
      wallTimes: [1767323045, 1767323046.5],
      values: [1, 2],
    });
    assert.deepEqual(Object.keys(read.rows.scalars).sort(), [
      'rollout/ep_rew_mean',
      'time/iterations',
      'time/total_timesteps',
    ]);
  });

  it('keeps cells that the header does not name, short rows, zeros of a torn disk and odd bytes', async (context) => {
    const text = Buffer.concat([
      Buffer.from('\ufeffstep;l\u00f6ss;lr\n1;0.5;0.25;7\n2;0.75\n'),
      Buffer.alloc(20),
      Buffer.from('3;text;1e-3\n\n4;tensor(0.125, device=0);-Infinity\n'),
    ]);
    const read = await readTable(context, text);
    assert.deepEqual(read.rows.scalars['löss'], {
      steps: [1, 2, 4],
      wallTimes: [NaN, NaN, NaN],
      values: [0.5, 0.75, 0.125],
    });
    assert.deepEqual(read.rows.scalars['lr']!.values, [0.25, 0.001, -Infinity]);
    assert.deepEqual(read.rows.scalars['column 4'], { steps: [1], wallTimes: [NaN], values: [7] });
    assert.deepEqual(
      read.problems.map(({ offset }) => offset),
      [28],
    );
  });

  it('counts rows where nothing tells a step, and leaves an index of pandas out', async (context) => {
    const plain = await readTable(context, 'loss,acc\n3,1\n2,1\n');
    assert.deepEqual(plain.rows.scalars['loss'], { steps: [0, 1], wallTimes: [NaN, NaN], values: [3, 2] });
    const indexed = await readTable(context, ',loss\n5,3\n6,2\n');
    assert.deepEqual(indexed.rows.scalars, { loss: { steps: [5, 6], wallTimes: [NaN, NaN], values: [3, 2] } });
  });

  it('waits for the end of the last line, but not for ever', async (context) => {
    const file = path.join(temporaryFolder(context), 'log.csv');
    writeFileSync(file, 'step,loss\n1,0.5\n2,0.25');
    const fresh = await readFile(context, file);
    assert.deepEqual(fresh.rows.scalars['loss']!.values, [0.5]);
    utimesSync(file, 1_600_000_000, 1_600_000_000);
    const old = new Gatherer();
    const reader = csvFormat.open(runAt(file));
    context.after(() => reader.dispose());
    let cursor = await pollAll(reader, old);
    assert.deepEqual(old.rows.scalars['loss']!.values, [0.5, 0.25]);
    cursor = await pollAll(reader, old, cursor);
    assert.equal(old.resets, 0);
    // The line went on after all: what was told of it is void.
    appendFileSync(file, '75\n');
    await pollAll(reader, old, cursor);
    assert.equal(old.resets, 1);
    assert.deepEqual(old.rows.scalars['loss']!.values, [0.5, 0.2575]);
  });

  it('starts anew when a file of the same header was written again, and when it shrank', async (context) => {
    const file = path.join(temporaryFolder(context), 'log.csv');
    writeFileSync(file, 'step,loss\n1,0.5\n2,0.25\n');
    const read = new Gatherer();
    const reader = csvFormat.open(runAt(file));
    context.after(() => reader.dispose());
    let cursor = await pollAll(reader, read);
    writeFileSync(file, 'step,loss\n1,0.7\n2,0.6\n3,0.5\n');
    cursor = await pollAll(reader, read, cursor);
    assert.deepEqual(read.rows.scalars['loss']!.values, [0.7, 0.6, 0.5]);
    writeFileSync(file, '');
    cursor = await pollAll(reader, read, cursor);
    assert.deepEqual(read.rows.scalars, {});
    appendFileSync(file, 'step,loss\n9,1\n');
    await pollAll(reader, read, cursor);
    assert.deepEqual(read.rows.scalars['loss'], { steps: [9], wallTimes: [NaN], values: [1] });
  });

  it('passes over a line that no memory should hold', async (context) => {
    const text = Buffer.concat([
      Buffer.from('step,loss\n1,0.5\n2,"'),
      Buffer.alloc(40 << 20, 120),
      Buffer.from('"\n3,0.25\n'),
    ]);
    const read = await readTable(context, text);
    assert.deepEqual(read.rows.scalars['loss']!.values, [0.5, 0.25]);
  });

  it('gives the same rows for any cut of the bytes', async (context) => {
    const folder = path.join(temporaryFolder(context), 'run');
    const files = {
      'log.csv': Buffer.from(
        '#{"t_start": 1.5}\r\nstep,time,a,"b,c",note\r\n1,1700000000,0.1,nan,"x\ny"\r\n,,2,inf,\r\n1,1700000001.5,,"[1, 2]",7,8\r\n\r\n0,,1e-5,NA,z\r\n',
      ),
    };
    const run = (at: string) => runAt(path.join(at, 'log.csv'));
    await assertAnyCut({ format: csvFormat, files, run, folder, runs: 150 });
  });

  it('gives back every float64 that is written', async (context) => {
    const file = path.join(temporaryFolder(context), 'log.csv');
    const number = fc.double();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(number, fc.option(number)), { minLength: 1, maxLength: 50 }), async (rows) => {
        writeFileSync(file, `a,b\n${rows.map(([a, b]) => `${print(a)},${print(b)}\n`).join('')}`);
        const { scalars } = (await readFile(context, file)).rows;
        assert.deepEqual(
          scalars['a']!.values,
          rows.map(([a]) => a),
        );
        assert.deepEqual(
          scalars['b']?.values ?? [],
          rows.flatMap(([, b]) => (b === null ? [] : [b])),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('are found by name and header, and data sets are not', async (context) => {
    const root = temporaryFolder(context);
    const write = (name: string, text: string): void => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    };
    write('keras/training.log', 'epoch,loss\n0,1\n1,0.5\n');
    write('ppo/progress.csv', 'rollout/ep_rew_mean,time/total_timesteps\n1,2048\n');
    write('ppo/0.monitor.csv', '#{"t_start": 1.5}\nr,l,t\n');
    write('yolo/results.csv', '  epoch,  train/box_loss\n 1, 0.5\n');
    write('mine/resnet50_history.csv', 'epoch,val_loss\n0,1\n');
    write('mine/train_metrics.tsv', 'step\tloss\n0\t1\n');
    write('live/metrics.csv', 'step,loss\n');
    // Tables of data and of results.
    write('data/train.csv', 'epoch,loss\n0,1\n');
    write('data/metrics.csv', 'accuracy,f1\n0.5,0.25\n');
    write('data/results.csv', 'id,epoch,prediction\n1,2,3\n');
    write('data/user_log.csv', 'step,country\n3,DE\n1,FR\n');
    write('data/sales_history.csv', 'date,price\n2020-01-01,5\n2020-01-02,6\n');
    write(
      'data/scrambled_log.csv',
      `step,price\n${Array.from({ length: 50 }, (_, row) => `${(row * 37) % 50},1`).join('\n')}\n`,
    );
    write('data/numbers_log.csv', '1,2,3\n4,5,6\n');
    write('data/empty_log.csv', '');
    const { runs, skipped } = await discover(root, [csvFormat]);
    assert.deepEqual(runs.map(({ name }) => name).sort(), [
      'keras',
      'live',
      'mine',
      'mine/resnet50_history',
      'ppo',
      'ppo',
      'yolo',
    ]);
    assert.deepEqual(skipped.map(({ path: file }) => path.basename(file)).sort(), [
      'metrics.csv',
      'numbers_log.csv',
      'results.csv',
      'sales_history.csv',
      'scrambled_log.csv',
    ]);
  });

  it('of OpenAI baselines agree with the corpus in every column', { skip: withoutCorpus }, async (context) => {
    const truth = readTruth<Truth>('rl_progress_csv', 'truth.json');
    for (const [name, { cols, rows }] of Object.entries(truth)) {
      const read = await readFile(context, path.join(corpus, 'rl_progress_csv', name));
      const { scalars, facts } = read.rows;
      assert.deepEqual(Object.keys(scalars).sort(), Object.keys(cols).sort());
      for (const [tag, column] of Object.entries(cols)) {
        const { values: got, steps } = scalars[tag]!;
        assert.deepEqual(
          [got.length, got[0], got.at(-1)],
          [column.nonempty, column.first, column.last],
          `${name} ${tag}`,
        );
        assert.deepEqual([Math.min(...got), Math.max(...got)], [column.min, column.max]);
        assert.equal(steps.length, rows);
      }
      assert.equal(facts.config!['scope'], 'ddpg');
      assert.deepEqual(
        facts.console!.map(({ title }) => title),
        ['log.txt'],
      );
      assert.deepEqual(read.problems, []);
    }
  });
});

function print(value: number | null): string {
  return value === null ? '' : Object.is(value, -0) ? '-0.0' : String(value);
}

interface Truth {
  readonly [file: string]: {
    readonly rows: number;
    readonly cols: {
      readonly [tag: string]: { readonly [Figure in 'nonempty' | 'first' | 'last' | 'min' | 'max']: number };
    };
  };
}
