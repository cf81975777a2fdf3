import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { FoundRun, ReaderCursor } from '../../../src/domain/records.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import { hfTrainerFormat } from '../../../src/readers/hfTrainer/format.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';
import { assertAnyCut, Gatherer, pollAll } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';

const runAt = (folder: string): FoundRun => ({ source: 'hf-trainer', path: folder, root: folder, name: 'run' });

interface Entry {
  readonly step: number;
  readonly [name: string]: unknown;
}

/** As the Trainer saves it: indented, keys sorted, NaN bare. */
function stateText(globalStep: number, log: readonly Entry[], fields: object = {}): string {
  const tree = { epoch: 1, global_step: globalStep, log_history: log, max_steps: 40, save_steps: 10, ...fields };
  return JSON.stringify(tree, null, 2).replaceAll('"<NaN>"', 'NaN');
}

const loss = (step: number, value: unknown = 1 / step): Entry => ({ epoch: step / 10, loss: value, step });

function write(folder: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

function openIn(context: TestContext, folder: string) {
  const reader = hfTrainerFormat.open(runAt(folder));
  context.after(() => reader.dispose());
  const read = new Gatherer();
  let cursor: ReaderCursor | undefined;
  const poll = async (): Promise<Gatherer> => {
    cursor = await pollAll(reader, read, cursor);
    return read;
  };
  return poll;
}

describe('states of the Hugging Face Trainer', () => {
  it('are merged by step and names, the furthest preferred', async (context) => {
    const folder = temporaryFolder(context);
    const evaluation = { epoch: 1, eval_loss: 0.5, step: 10 };
    write(folder, 'checkpoint-10/trainer_state.json', stateText(10, [loss(5, 9), loss(10), evaluation]));
    // Resumed from 10 after 30 had been saved: what was logged on the other way stays.
    write(
      folder,
      'checkpoint-30/trainer_state.json',
      stateText(30, [loss(5), loss(10), evaluation, loss(30, '<NaN>')]),
    );
    write(folder, 'trainer_state.json', stateText(20, [loss(5), loss(10), evaluation, loss(20)]));
    const poll = openIn(context, folder);
    const { scalars, facts } = (await poll()).rows;
    assert.deepEqual(scalars['loss']!.steps, [5, 10, 20, 30]);
    assert.deepEqual(scalars['loss']!.values, [1 / 5, 1 / 10, 1 / 20, Number.NaN]);
    assert.deepEqual(scalars['eval_loss']!.values, [0.5]);
    assert.deepEqual(Object.keys(scalars).sort(), ['epoch', 'eval_loss', 'loss']);
    assert.equal(facts.status, 'unknown');
    assert.match(facts.statusReason!, /saved at step 30 of 40/);
    assert.deepEqual(facts.outputs, [path.join(folder, 'checkpoint-10'), path.join(folder, 'checkpoint-30')]);
    assert.deepEqual(facts.progress, { step: 30, totalSteps: 40 });
    assert.deepEqual(facts.config, { max_steps: 40, save_steps: 10 });
  });

  it('go on without a reset when a checkpoint follows, and start anew when the past changed', async (context) => {
    const folder = temporaryFolder(context);
    write(folder, 'checkpoint-10/trainer_state.json', stateText(10, [loss(5), loss(10)]));
    const poll = openIn(context, folder);
    await poll();
    write(folder, 'checkpoint-20/trainer_state.json', stateText(20, [loss(5), loss(10), loss(15), loss(20)]));
    let read = await poll();
    assert.equal(read.resets, 0);
    assert.deepEqual(read.rows.scalars['loss']!.steps, [5, 10, 15, 20]);
    assert.equal(read.rows.facts.status, 'running');
    rmSync(path.join(folder, 'checkpoint-10'), { recursive: true });
    read = await poll();
    assert.equal(read.resets, 0);
    write(folder, 'checkpoint-20/trainer_state.json', stateText(20, [loss(5, 3), loss(10)]));
    read = await poll();
    assert.equal(read.resets, 1);
    assert.deepEqual(read.rows.scalars['loss']!.values, [3, 0.1]);
  });

  it('say how the training ended where they know', async (context) => {
    const root = temporaryFolder(context);
    const statusOf = async (name: string, text: string): Promise<readonly unknown[]> => {
      write(root, `${name}/trainer_state.json`, text);
      const { status, statusReason } = (await openIn(context, path.join(root, name))()).rows.facts;
      return [status, statusReason];
    };
    const stop = { stateful_callbacks: { TrainerControl: { args: { should_training_stop: true } } } };
    assert.deepEqual(await statusOf('whole', stateText(40, [loss(40)])), [
      'finished',
      'The Trainer reached its last step, 40 of 40.',
    ]);
    assert.deepEqual(await statusOf('logged', stateText(20, [loss(20), { train_runtime: 5, step: 20 }])), [
      'finished',
      'The Trainer logged the running time of its training at step 20.',
    ]);
    assert.deepEqual(await statusOf('early', stateText(30, [loss(30)], stop)), [
      'finished',
      'A callback ended the training at step 30 of 40.',
    ]);
    // The time stands in the log of an earlier training that was resumed.
    const [status] = await statusOf('resumed', stateText(30, [{ train_runtime: 5, step: 20 }, loss(30)]));
    assert.equal(status, 'unknown');
  });

  it('that are cut off give what stands before the cut', async (context) => {
    const folder = temporaryFolder(context);
    const text = stateText(20, [loss(5), loss(10), loss(20)]);
    write(folder, 'trainer_state.json', text.slice(0, text.indexOf('"step": 20')));
    const read = await openIn(context, folder)();
    assert.deepEqual(read.rows.scalars['loss']!.steps, [5, 10]);
    assert.match(read.problems[0]!.message, /ends in the middle/);
    write(folder, 'trainer_state.json', 'no JSON');
    const broken = await openIn(context, folder)();
    assert.deepEqual(broken.rows.scalars, {});
    assert.match(broken.problems[0]!.message, /does not hold a JSON object/);
  });

  it('give the same rows for any cut of the bytes', async (context) => {
    const folder = path.join(temporaryFolder(context), 'run');
    const files = {
      'checkpoint-10/trainer_state.json': Buffer.from(stateText(10, [loss(5), loss(10, '<NaN>')])),
      'trainer_state.json': Buffer.from(stateText(20, [loss(5), loss(10, '<NaN>'), { step: 20, 'a "b"': { c: -1 } }])),
    };
    await assertAnyCut({ format: hfTrainerFormat, files, run: runAt, folder });
  });

  it('are found in output folders and in checkpoints alone', async (context) => {
    const root = temporaryFolder(context);
    write(root, 'whole/trainer_state.json', '{}');
    write(root, 'whole/checkpoint-10/trainer_state.json', '{}');
    write(root, 'live/checkpoint-10/trainer_state.json', '{}');
    write(root, 'diffusers/checkpoint-10/model.safetensors', '');
    const { runs } = await discover(root, [hfTrainerFormat]);
    assert.deepEqual(
      runs.map(({ name }) => name),
      ['live', 'whole'],
    );
    const checkpoint = await discover(path.join(root, 'whole/checkpoint-10'), [hfTrainerFormat]);
    assert.equal(checkpoint.runs.length, 1);
  });

  it('agree with the corpus in every name', { skip: withoutCorpus }, async (context) => {
    const truth = readTruth<Truth>('hf_trainer_state', 'truth.json');
    for (const [name, { keys, global_step: step }] of Object.entries(truth)) {
      const { rows, problems } = await openIn(context, path.dirname(path.join(corpus, 'hf_trainer_state', name)))();
      const { step: _, ...expected } = keys;
      const got = Object.entries(rows.scalars).map(([tag, { steps, values }]) => {
        const [first, last] = [values[0], values.at(-1)];
        return [tag, { count: values.length, first, first_step: steps[0], last, last_step: steps.at(-1) }];
      });
      assert.deepEqual(Object.fromEntries(got), expected);
      assert.equal(rows.facts.status, 'finished');
      assert.equal(rows.facts.progress!.step, step);
      assert.deepEqual(problems, []);
    }
  });
});

interface Truth {
  readonly [file: string]: { readonly global_step: number; readonly keys: { readonly [tag: string]: object } };
}
