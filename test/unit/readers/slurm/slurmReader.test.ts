import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { FoundRun, RunFacts } from '../../../../src/domain/records.ts';
import { discoverRuns } from '../../../../src/readers/index.ts';
import { endingOf } from '../../../../src/readers/slurm/ending.ts';
import { slurmFormat } from '../../../../src/readers/slurm/format.ts';
import { readOutputName } from '../../../../src/readers/slurm/names.ts';
import { SlurmReader } from '../../../../src/readers/slurm/reader.ts';
import { parseScript } from '../../../../src/readers/slurm/scripts.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { assertAnyCut, Gatherer, pollAll } from '../support/cuts.ts';
import { temporaryFolder } from '../support/events.ts';

const local = (text: string): number => Date.parse(text) / 1000;

function put(context: TestContext, files: { readonly [name: string]: string }): string {
  const root = temporaryFolder(context);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

const slurmRuns = async (root: string): Promise<readonly FoundRun[]> =>
  (await discoverRuns(root)).runs.filter(({ source }) => source === 'slurm');

async function factsOf(run: FoundRun, now?: number): Promise<RunFacts> {
  const gatherer = new Gatherer();
  await pollAll(new SlurmReader(run, now === undefined ? {} : { now: () => now }), gatherer);
  return gatherer.rows.facts;
}

test('names tell the job, the array and its index', () => {
  const read = (name: string) => {
    const found = readOutputName(name);
    return found === undefined ? undefined : [found.jobId, found.arrayIndex, found.label, found.isSure];
  };
  assert.deepEqual(read('slurm-4711.out'), ['4711', undefined, '', true]);
  assert.deepEqual(read('slurm-4711_12.out'), ['4711', '12', '', true]);
  assert.deepEqual(read('slurm-train-4711.err'), ['4711', undefined, 'slurm-train', true]);
  assert.deepEqual(read('telepathy_150995.log'), ['150995', undefined, 'telepathy', false]);
  assert.deepEqual(read('seed_150995_3.err'), ['150995', '3', 'seed', false]);
  assert.deepEqual(read('150995_train.out'), ['150995', undefined, 'train', false]);
  assert.deepEqual(read('train-20260117-150995.out'), ['150995', undefined, 'train-20260117', false]);
  for (const none of [
    'train.log',
    'events.out.tfevents.1700000000.host',
    'run_20260117_021109.log',
    'sweep_20260117.out',
    'seed_42.log',
    'model_1024d.log',
    'log_1768800000.out',
    'slurm-4711.txt',
  ])
    assert.equal(read(none), undefined, none);
});

test('a log alone is no job: SLURM must speak in it, or a script must name it', async (context) => {
  const root = put(context, {
    'slurm-31.out': '',
    'a/eval_2048.log': 'accuracy 0.5\n',
    'a/killed_2049.err': 'slurmstepd: error: *** JOB 2049 ON n1 CANCELLED AT 2026-01-19T11:45:26 ***\n',
    'a/killed_2049.out': 'x\n',
    'a/printed_2050.log': '=====\nJob ID: 2050\nNode: n09\n',
    'a/other_2051.log': 'Job ID: 99\n',
    'a/variables_2052.out': 'SLURM_JOB_ID=2052\n',
    'logs/train/seed_2053_7.log': 'no word\n',
    'scripts/train.sbatch': '#!/bin/bash\n#SBATCH -J seeds\n#SBATCH -o logs/%x/seed_%A_%a.log # where\n',
  });
  assert.deepEqual((await slurmRuns(root)).map(({ name, path: file }) => [name, path.relative(root, file)]).sort(), [
    ['a/killed_2049', 'a/killed_2049.out'],
    ['a/printed_2050', 'a/printed_2050.log'],
    ['a/variables_2052', 'a/variables_2052.out'],
    ['logs/train/seed_2053_7', 'logs/train/seed_2053_7.log'],
    ['slurm-31', 'slurm-31.out'],
  ]);
  const facts = await factsOf((await slurmRuns(root)).find(({ name }) => name.includes('seed'))!);
  assert.deepEqual(
    [facts.trackerId, facts.group, facts.project, facts.command],
    ['2053_7', 'array 2053', 'train', ['sbatch', 'scripts/train.sbatch']],
  );
});

test('options of a script are read in all their forms', () => {
  const script = (...lines: string[]) => parseScript('s', ['#!/bin/bash', ...lines, 'echo -o x_%j.log'].join('\n'));
  assert.equal(script('#SBATCH --output=train.log', '##SBATCH -o x_%j.log'), undefined);
  assert.equal(script(), undefined);
  const parsed = script('#SBATCH -A acc -p gpu --job-name="big one" -o"%j.out"', '#SBATCH --error logs/%2t_%j.err');
  assert.equal(parsed?.outputs.length, 2);
  assert.ok(parsed!.outputs[0]!.expression.test('4711.out'));
  assert.ok(parsed!.outputs[1]!.expression.test('logs/03_4711.err'));
  assert.ok(!parsed!.outputs[1]!.expression.test('logs/03_x.err'));
});

test('the reason of death is read from the end of the output', () => {
  const job = (rest: string): string =>
    `slurmstepd: error: *** JOB 150653 ON n11 CANCELLED AT 2026-01-18T21:42:57${rest} ***\n`;
  const of = (...texts: string[]): readonly unknown[] => {
    const ending = endingOf(texts);
    return [ending?.status, ending?.reason];
  };
  const at = 'SLURM ended job 150653 on n11 at 2026-01-18T21:42:57';
  assert.deepEqual(of(job('')), ['killed', `${at}: it was cancelled.`]);
  assert.deepEqual(of(job(' DUE TO TIME LIMIT')), ['killed', `${at}: it reached its time limit.`]);
  assert.deepEqual(of(job(' DUE TO PREEMPTION')), ['killed', `${at}: it was pre-empted by another job.`]);
  assert.deepEqual(of(job(' DUE TO JOB REQUEUE')), ['killed', `${at}: it was put back into the queue.`]);
  assert.deepEqual(of(job(' DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS')), [
    'killed',
    `${at}: its node failed.`,
  ]);
  assert.deepEqual(of(job(' DUE TO SIGNAL Terminated')), ['killed', `${at}: signal terminated.`]);
  assert.equal(endingOf([job('')])!.at, local('2026-01-18T21:42:57'));
  // A script's last words after the signal, and progress bars in one line, are no new life.
  assert.equal(
    of(`${'step 1\rstep 2\n'.repeat(500)}${job('')}To github.com:x/y.git\n   a..b main -> main\n`)[0],
    'killed',
  );
  // Put back into the queue, and written on in the same file.
  assert.deepEqual(of(job(' DUE TO PREEMPTION') + 'step\n'.repeat(200)), [undefined, undefined]);
  assert.deepEqual(
    of(
      'x\nslurmstepd: error: Detected 1 oom-kill event(s) in StepId=4711.batch. Some of the step tasks have been OOM Killed.\n',
    ),
    [
      'failed',
      'It ran out of memory: Detected 1 oom-kill event(s) in StepId=4711.batch. Some of the step tasks have been OOM Killed.',
    ],
  );
  // The step was cancelled because a task ran out of memory.
  assert.equal(
    of(
      'srun: error: n1: task 3: Out Of Memory\nslurmstepd: error: *** STEP 4711.0 ON n1 CANCELLED AT 2026-01-18T21:42:57 ***\n',
    )[0],
    'failed',
  );
  assert.deepEqual(of('srun: error: n5: tasks 0-3: Exited with exit code 2\n'), [
    'failed',
    'srun says of a task on n5: exited with exit code 2.',
  ]);
  assert.deepEqual(of('srun: error: Node failure on n7\n'), ['killed', 'Its node n7 failed.']);
  assert.deepEqual(of('Job ID: 1\nState: COMPLETED (exit code 0)\nCores: 1\n'), [
    'finished',
    'The report behind the job says COMPLETED (exit code 0).',
  ]);
  const traceback =
    'Traceback (most recent call last):\n  File "/lab/train.py", line 41, in main\n    fit()\nValueError: bad\n';
  const ends = `${traceback}srun: error: n5: task 0: Exited with exit code 1\n`;
  assert.deepEqual(of('', ends), ['failed', 'The output ends with ValueError: bad (/lab/train.py:41).']);
  assert.deepEqual(of(traceback + 'experiment 2 of 34\n'.repeat(30)), [undefined, undefined]);
  assert.deepEqual(of('all done\n'), [undefined, undefined]);
});

test('a job is followed while it runs, is put back and starts again', async (context) => {
  const root = put(context, {
    'runs/telepathy_150995.log': 'Job ID: 150995\nNode: n05\n[2026-01-19 11:41:30] start\n',
    'runs/telepathy_150995.err': '',
  });
  const [run] = await slurmRuns(root);
  const log = path.join(root, 'runs', 'telepathy_150995.log');
  const errors = path.join(root, 'runs', 'telepathy_150995.err');
  let now = local('2026-01-19T11:42:00');
  const touch = (): void => {
    for (const file of [log, errors]) utimesSync(file, now - 5, now - 5);
  };
  touch();
  const reader = new SlurmReader(run!, { now: () => now });
  const gatherer = new Gatherer();
  let cursor = await pollAll(reader, gatherer);
  const { facts } = gatherer.rows;
  assert.deepEqual(
    [facts.status, facts.trackerId, facts.project, facts.host, facts.startedAt],
    ['running', '150995', 'telepathy', 'n05', local('2026-01-19T11:41:30')],
  );
  assert.deepEqual(
    facts.console?.map(({ title }) => title),
    ['telepathy_150995.log', 'telepathy_150995.err'],
  );
  appendFileSync(
    errors,
    'slurmstepd: error: *** JOB 150995 ON n05 CANCELLED AT 2026-01-19T11:45:26 DUE TO PREEMPTION ***\n',
  );
  touch();
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual(
    [gatherer.resets, gatherer.rows.facts.status, gatherer.rows.facts.endedAt],
    [0, 'killed', local('2026-01-19T11:45:26')],
  );
  // SLURM starts it again and empties the files (--open-mode=truncate).
  truncateSync(errors);
  writeFileSync(log, '[2026-01-19 12:00:00] again\n');
  now = local('2026-01-19T12:00:10');
  touch();
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual(
    [gatherer.resets, gatherer.rows.facts.status, gatherer.rows.facts.endedAt],
    [1, 'running', undefined],
  );
  now += 86_400;
  await pollAll(reader, gatherer, cursor);
  assert.match(
    gatherer.rows.facts.statusReason!,
    /^Last output 2026-01-19 .* It does not say how the job ended; SLURM writes nothing/,
  );
});

test('an output without times is live when it grows, not when it was copied a moment ago', async (context) => {
  const root = put(context, { 'slurm-7438984.out': 'iteration 1\n' });
  const [run] = await slurmRuns(root);
  const reader = new SlurmReader(run!);
  const gatherer = new Gatherer();
  const cursor = await pollAll(reader, gatherer);
  assert.equal(gatherer.rows.facts.status, 'unknown');
  appendFileSync(path.join(root, 'slurm-7438984.out'), 'iteration 2\n');
  await pollAll(reader, gatherer, cursor);
  assert.equal(gatherer.rows.facts.status, 'running');
});

test('outputs of the sample project are found by its scripts', async (context) => {
  const sample = makeSample('telepathy');
  context.after(() => sample.dispose());
  for (const name of [
    'telepathy_4711.log',
    'telepathy_4711.err',
    'seed_4712_0.log',
    'seed_4712_1.log',
    'notes_4713.log',
  ])
    writeFileSync(path.join(sample.folder, 'runs', name), 'hello\n');
  const runs = await slurmRuns(sample.folder);
  const facts = await Promise.all(runs.map((run) => factsOf(run)));
  assert.deepEqual(
    facts.map(({ trackerId, group, project }) => [trackerId, group, project]),
    [
      ['4712_0', 'array 4712', 'telepathy_seeds'],
      ['4712_1', 'array 4712', 'telepathy_seeds'],
      ['4711', undefined, 'telepathy_bridge'],
    ],
  );
});

test('only the ends of a huge output are read', async (context) => {
  const root = put(context, { 'slurm-7.out': 'Node: n1\n' });
  const file = path.join(root, 'slurm-7.out');
  truncateSync(file, 3 * 1024 ** 3);
  appendFileSync(file, '\nslurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-01-18T21:42:57 DUE TO TIME LIMIT ***\n');
  const [run] = await slurmRuns(root);
  assert.equal((await factsOf(run!)).status, 'killed');
});

test('any cut of the outputs tells the same', async (context) => {
  const folder = path.join(temporaryFolder(context), 'lab');
  await assertAnyCut({
    format: slurmFormat,
    files: {
      'train_4711.log': Buffer.from('Job ID: 4711\nNode: n09\nÜbung\rstep 1\rstep 2\n'),
      'train_4711.err': Buffer.from(
        'warning\nslurmstepd: error: *** JOB 4711 ON n09 CANCELLED AT 2026-01-19T11:45:26 DUE TO TIME LIMIT ***\n',
      ),
    },
    folder,
    run: (root) => ({ source: 'slurm', root, path: path.join(root, 'train_4711.log'), name: 'train_4711' }),
    compare: ({ facts }) => [
      facts.status,
      facts.statusReason,
      facts.endedAt,
      facts.trackerId,
      facts.host,
      facts.console,
    ],
  });
});
