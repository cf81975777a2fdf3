import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { FoundRun } from '../../../src/domain/records.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import { jsonlFormat } from '../../../src/readers/jsonl/format.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const runAt = (file: string): FoundRun => ({ source: 'jsonl', path: file, root: path.dirname(file), name: 'run' });

async function readLines(context: TestContext, text: string | Uint8Array): Promise<Gatherer> {
  const file = path.join(temporaryFolder(context), 'metrics.jsonl');
  writeFileSync(file, text);
  const read = new Gatherer();
  const reader = jsonlFormat.open(runAt(file));
  context.after(() => reader.dispose());
  await pollAll(reader, read);
  return read;
}

const rowsOf = (read: Gatherer) =>
  Object.fromEntries(Object.entries(read.rows.scalars).map(([tag, { steps, values }]) => [tag, { steps, values }]));

describe('JSON lines', () => {
  it('give every number with the step and time of its record', async (context) => {
    const read = await readLines(
      context,
      [
        '{"_timestamp": 1700000000.25, "step": 10, "loss": 0.30000000000000004, "lr": 1e-05}',
        '{"step": 10, "loss": NaN, "grad": Infinity, "other": -Infinity}',
        '{"step":5,"loss":"NaN","optim":{"lr":0.5,"deep":{"er":-0.0}},"note":"step","list":[1,{"a":"]}"}],"ok":true,"no":null}',
        '{"loss": 7, "time": "2026-01-02 03:04:05Z", "k\\u00e9y \\"x\\"": 1}',
      ].join('\n'),
    );
    assert.deepEqual(rowsOf(read), {
      loss: { steps: [10, 10, 5, 5], values: [0.30000000000000004, Number.NaN, Number.NaN, 7] },
      lr: { steps: [10], values: [1e-5] },
      grad: { steps: [10], values: [Infinity] },
      other: { steps: [10], values: [-Infinity] },
      'optim/lr': { steps: [5], values: [0.5] },
      'optim/deep/er': { steps: [5], values: [-0] },
      'kéy "x"': { steps: [5], values: [1] },
    });
    assert.deepEqual(read.rows.scalars['loss']!.wallTimes, [1700000000.25, NaN, NaN, 1767323045]);
    assert.deepEqual(read.problems, []);
  });

  it('take the best key for the step, and keep the others as figures', async (context) => {
    const read = await readLines(
      context,
      '{"epoch": 0, "train_loss": 3}\n{"epoch": 1, "iteration": 20, "train_loss": 2}\n{"epoch": 2, "val": 1}\n{"iteration": 40, "global_step": 41}\n',
    );
    assert.deepEqual(rowsOf(read), {
      epoch: { steps: [0, 20, 20], values: [0, 1, 2] },
      train_loss: { steps: [0, 20], values: [3, 2] },
      val: { steps: [20], values: [1] },
      iteration: { steps: [41], values: [40] },
    });
  });

  it('put records about a part of the data under its name', async (context) => {
    const read = await readLines(
      context,
      '{"mode": "train", "step": 1, "loss": 3}\n{"step": 1, "loss": 4, "mode": "val"}\n{"step": 2, "loss": 2, "mode": "fast"}\n',
    );
    assert.deepEqual(rowsOf(read), {
      'train/loss': { steps: [1], values: [3] },
      'val/loss': { steps: [1], values: [4] },
      loss: { steps: [2], values: [2] },
    });
  });

  it('go on behind torn records, other text and zeros, and say so', async (context) => {
    const lines = [
      'Loaded 3 files.',
      '{"step": 1, "loss": 1}',
      '{"step": 2, "lo{"step": 3, "loss": 3}',
      '{"step": 4, "a": [1, 2',
      '{"step": 5, "loss": 5}',
      '{"step": 6, "loss": 0x10}',
      '{"step": 7',
      '{"step": 8, "loss": 8}',
    ];
    const read = await readLines(
      context,
      Buffer.concat([Buffer.from(lines.join('\n')), Buffer.alloc(9), Buffer.from('\n{"step": 9, "loss": 9}')]),
    );
    assert.deepEqual(rowsOf(read), { loss: { steps: [1, 5, 8, 9], values: [1, 5, 8, 9] } });
    assert.deepEqual(
      read.problems.map(({ offset }) => offset),
      [0, 2, 3, 5, 6].map((line) => lines.slice(0, line).join('\n').length + (line === 0 ? 0 : 1)),
    );
  });

  it('read objects that are spread over lines, and wait for the rest of one', async (context) => {
    const file = path.join(temporaryFolder(context), 'metrics.jsonl');
    writeFileSync(file, '{\n  "step": 1,\n  "loss": 0.5\n}\n{\n  "step": 2,\n  "lo');
    const read = new Gatherer();
    const reader = jsonlFormat.open(runAt(file));
    context.after(() => reader.dispose());
    const cursor = await pollAll(reader, read);
    assert.deepEqual(rowsOf(read), { loss: { steps: [1], values: [0.5] } });
    appendFileSync(file, 'ss": 0.25\n}');
    await pollAll(reader, read, cursor);
    assert.deepEqual(rowsOf(read), { loss: { steps: [1, 2], values: [0.5, 0.25] } });
    assert.deepEqual([read.resets, read.problems.length], [0, 0]);
  });

  it('give the same rows for any cut of the bytes', async (context) => {
    const folder = path.join(temporaryFolder(context), 'run');
    const files = {
      'metrics.jsonl': Buffer.from(
        '{"epoch":0,"time":1700000000,"a":1.5,"b":{"c":NaN,"d":"-inf"}}\r\nnoise\n{"step":12,"mode":"val","a":2e-3}\n{"bad\n' +
          '{"a":1,"step":3,"mode":"train","time":1700000001}\n\n{"step":2,"a":[1,"}"],"é":-0.5}\n{"a":7} {"a":8}\n',
      ),
    };
    const run = (at: string) => runAt(path.join(at, 'metrics.jsonl'));
    await assertAnyCut({ format: jsonlFormat, files, run, folder, runs: 150 });
  });

  it('agree with JSON.parse on whatever objects', async (context) => {
    const file = path.join(temporaryFolder(context), 'metrics.jsonl');
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.jsonValue());
    const key = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'c'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(key, value), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (objects, spread) => {
          const known = objects.map(
            (object) => JSON.parse(JSON.stringify({ step: 1, ...object, mode: 'x', time: 1 })) as object,
          );
          writeFileSync(file, `${known.map((object) => JSON.stringify(object, null, spread ? 2 : 0)).join('\n')}\n`);
          const read = new Gatherer();
          const reader = jsonlFormat.open(runAt(file));
          await pollAll(reader, read).finally(() => reader.dispose());
          assert.deepEqual(read.problems, []);
          const expected = new Map<string, number[]>();
          for (const object of known) collect(object, '', expected);
          for (const name of ['step', ...counters]) expected.delete(name);
          const got = Object.entries(rowsOf(read)).filter(([tag]) => !counters.has(tag));
          assert.deepEqual(new Map(got.map(([tag, { values }]) => [tag, values])), expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are found by name and content, and data sets are not', async (context) => {
    const root = temporaryFolder(context);
    const write = (name: string, text: string): void => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    };
    const two = '{"iteration": 19, "loss": 1}\n{"iteration": 39, "loss": 0.5}\n';
    write('detectron/metrics.json', two);
    write('mae/log.txt', '{"train_loss": 1.5, "epoch": 0, "n_parameters": 5}\n');
    write('mm/vis_data/scalars.json', two);
    write('mm/20260101_120000.log.json', `{"env_info": "x"}\n${two}`);
    write('own/metrics.jsonl', '{"step": 1, "loss": 1}\n');
    write('own/run7_log.jsonl', '{"step": 1, "loss": 1}\n');
    // Others.
    write('sb3/log.txt', '-----------\n| time | 5 |\n');
    write('dvc/metrics.json', '{"epoch": 3, "acc": 0.5}\n');
    write('data/train.jsonl', two);
    write('data/chat_log.jsonl', '{"role": "user", "text": "hi"}\n');
    write('data/events_log.jsonl', '{"id": 5, "size": 3}\n');
    const { runs, skipped } = await discover(root, [jsonlFormat]);
    assert.deepEqual(runs.map(({ name }) => name).sort(), [
      'detectron',
      'mae',
      'mm',
      'mm/vis_data',
      'own',
      'own/run7_log',
    ]);
    assert.deepEqual(skipped.map(({ path: file }) => path.basename(file)).sort(), [
      'chat_log.jsonl',
      'events_log.jsonl',
    ]);
  });
});

const counters = new Set(['iteration', 'iter', 'steps', 'it']);

function collect(object: object, parent: string, into: Map<string, number[]>): void {
  for (const [key, value] of Object.entries(object)) {
    const tag = parent + key;
    const number =
      typeof value === 'number' ? value : typeof value === 'string' ? words.get(value.toLowerCase()) : undefined;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) collect(value as object, `${tag}/`, into);
    else if (number !== undefined && !(parent === '' && key === 'mode'))
      into.set(tag, [...(into.get(tag) ?? []), number]);
  }
}

const words: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
]);
