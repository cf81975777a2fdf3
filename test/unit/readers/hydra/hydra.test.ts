import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { FoundRun, RunFacts } from '../../../../src/domain/records.ts';
import { hydraFormat, hydraPlace } from '../../../../src/readers/hydra/format.ts';
import { HydraReader } from '../../../../src/readers/hydra/reader.ts';
import { discoverRuns } from '../../../../src/readers/index.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { assertAnyCut, Gatherer, pollAll } from '../support/cuts.ts';
import { temporaryFolder } from '../support/events.ts';

const config = `task_name: train
run_name: unet_a
tags: [dev]
optimizer:
  lr: 0.0001
  half: \${.lr}
  same: \${optimizer.lr}
data:
  dir: \${oc.env:HOME}/data
  loader: !!python/object:torch.Loader {workers: 4}
name: \${hydra:job.name}-\${optimizer.lr}
circle: \${circle}
`;
const hydra = (job: string): string => `hydra:
  run:
    dir: outputs/\${now:%Y-%m-%d}/\${now:%H-%M-%S}
  mode: RUN
  job:
    name: train
    chdir: null
    ${job}
    config_name: train
  overrides:
    hydra: []
    task:
    - run_name=unet_a
  runtime:
    version: 1.3.2
    cwd: C:\\Users\\ada\\lab
    output_dir: C:\\Users\\ada\\lab\\outputs\\2026-01-08\\12-12-03
    choices:
      model: unet
      loss: meanflow
      hydra/launcher: basic
      hydra/help: default
  verbose: false
`;
const log = `[2026-01-08 12:12:03,664][__main__][INFO] - Instantiating model
[2026-01-08 12:12:09,120][__main__][INFO] - Starting training!
`;
const failure = `[2026-01-08 12:20:00,500][src.utils][ERROR] - 
Traceback (most recent call last):
  File "/home/ada/lab/src/train.py", line 41, in train
    trainer.fit(model)
  File "/usr/lib/python3.11/site-packages/lightning/trainer.py", line 10, in fit
    self.step()
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
[2026-01-08 12:20:01,000][src.utils][INFO] - Output dir: /home/ada/lab/outputs/2026-01-08/12-12-03
`;

const found = (root: string, folder: string): FoundRun => ({ source: 'hydra', root, path: folder, name: 'x' });

function writeJob(folder: string, files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const jobFiles = {
  '.hydra/config.yaml': config,
  '.hydra/hydra.yaml': hydra('num: ???'),
  '.hydra/overrides.yaml': '- run_name=unet_a\n- optimizer.lr=1e-4\n',
};

async function factsOf(run: FoundRun, now?: number): Promise<RunFacts> {
  const reader = new HydraReader(run, now === undefined ? {} : { now: () => now });
  const gatherer = new Gatherer();
  await pollAll(reader, gatherer);
  assert.deepEqual(gatherer.problems, []);
  return gatherer.rows.facts;
}

const local = (text: string): number => Date.parse(text) / 1000;

test('a job is a run with its configuration, though no logger wrote anything', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'outputs', '2026-01-08', '12-12-03');
  writeJob(folder, { ...jobFiles, 'train.log': log, 'another.log': 'x\n', 'checkpoints/last.ckpt': '' });
  const { runs } = await discoverRuns(root);
  const run = runs.find(({ source }) => source === 'hydra')!;
  assert.deepEqual([run.path, run.name], [folder, 'outputs/2026-01-08/12-12-03']);
  const facts = await factsOf(run);
  assert.deepEqual(facts.config, {
    task_name: 'train',
    run_name: 'unet_a',
    tags: ['dev'],
    optimizer: { lr: 0.0001, half: 0.0001, same: 0.0001 },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how it is written.
    data: { dir: '${oc.env:HOME}/data', loader: { workers: 4 } },
    name: 'train-0.0001',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how it is written.
    circle: '${circle}',
    hydra: {
      job: { name: 'train', config_name: 'train' },
      mode: 'RUN',
      overrides: ['run_name=unet_a', 'optimizer.lr=1e-4'],
      choices: { model: 'unet', loss: 'meanflow', 'hydra/launcher': 'basic' },
    },
  });
  assert.deepEqual(
    [facts.name, facts.project, facts.group, facts.cwd],
    ['unet_a', 'train', undefined, 'C:\\Users\\ada\\lab'],
  );
  assert.deepEqual(facts.command, ['python', 'train.py', 'run_name=unet_a', 'optimizer.lr=1e-4']);
  assert.deepEqual(
    facts.configFiles,
    ['config.yaml', 'hydra.yaml', 'overrides.yaml'].map((name) => path.join(folder, '.hydra', name)),
  );
  assert.deepEqual(
    facts.console?.map(({ title }) => title),
    ['train.log', 'another.log'],
  );
  assert.deepEqual(facts.outputs, [path.join(folder, 'checkpoints')]);
  assert.equal(facts.startedAt, local('2026-01-08T12:12:03.664'));
  assert.equal(facts.createdAt, local('2026-01-08T12:12:03'));
});

test('the status has its evidence from the log, and is unknown without any', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'job');
  const state = async (text: string | undefined, now: number): Promise<readonly unknown[]> => {
    if (text !== undefined) writeJob(folder, { 'train.log': text });
    if (text !== undefined) utimesSync(path.join(folder, 'train.log'), now - 20, now - 20);
    const { status, statusReason, endedAt } = await factsOf(found(root, folder), now);
    return [status, statusReason, endedAt];
  };
  writeJob(folder, jobFiles);
  const now = local('2026-01-08T12:12:30');
  assert.deepEqual(await state(undefined, now), [
    'unknown',
    'Hydra prepared this job, and there is no log of it.',
    undefined,
  ]);
  assert.match(String((await state('', now))[1]), /^The log is empty since .* UTC: the program stopped early/);
  assert.deepEqual(await state(log, now), ['running', 'The log is growing.', undefined]);
  // A copy has a fresh time, but what it says is old.
  assert.match(String((await state(log, now + 86_400))[1]), /^Last line of the log .* It does not say whether/);
  assert.deepEqual(await state(log + failure, now), [
    'failed',
    'The log ends with torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (/home/ada/lab/src/train.py:41).',
    local('2026-01-08T12:20:01'),
  ]);
  // An exception that the program survived is no end.
  const survived = `${log}${failure}${'[2026-01-08 12:21:00,000][x][INFO] - step\n'.repeat(20)}`;
  assert.equal((await state(survived, now + 86_400))[0], 'unknown');
});

test('the log is the one that the logging was set up to write', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'job');
  const settings = `hydra:
  help:
    template: 'Powered by

      job:

      name: other'
  job_logging:
    handlers:
      file:
        filename: \${hydra.runtime.output_dir}/\${task_name}_\${hydra.job.num}.log
  job:
    name: fit_ddp_process_1
    num: 3
  runtime:
    output_dir: /elsewhere/\${now:%Y}
`;
  writeJob(folder, { ...jobFiles, '.hydra/hydra.yaml': settings, 'a.log': '', 'train_3.log': log });
  const facts = await factsOf(found(root, folder));
  assert.deepEqual(
    facts.console?.map(({ title }) => title),
    ['train_3.log', 'a.log'],
  );
  assert.deepEqual(facts.command?.slice(0, 2), ['python', 'fit.py']);
  assert.equal(facts.startedAt, local('2026-01-08T12:12:03.664'));
});

test('jobs of a sweep have its name as their group; submitit says how they ended', async (context) => {
  const root = temporaryFolder(context);
  const sweep = path.join(root, 'multirun', '2026-01-08', '12-12-03');
  const job = path.join(sweep, 'lr=0.1');
  writeJob(sweep, { 'multirun.yaml': 'hydra: {}\n' });
  writeJob(job, { ...jobFiles, '.hydra/hydra.yaml': hydra('num: 2\n    id: 4711_2'), 'train.log': log });
  writeJob(path.join(sweep, '.submitit', '4711_2'), { '4711_2_0_log.out': 'hello\n', '4711_2_0_log.err': '' });
  const facts = await factsOf(found(root, job));
  assert.equal(facts.group, 'multirun/2026-01-08/12-12-03');
  assert.deepEqual((facts.config!['hydra'] as { job: unknown }).job, {
    name: 'train',
    num: 2,
    id: '4711_2',
    config_name: 'train',
  });
  assert.deepEqual(
    facts.console?.map(({ title }) => title),
    ['train.log', '4711_2_0_log.err', '4711_2_0_log.out'],
  );
  assert.equal(facts.status, 'unknown');
  const result = path.join(sweep, '.submitit', '4711_2', '4711_2_0_result.pkl');
  writeFileSync(result, Buffer.from('80049510000000000000008c0773756363657373944b0086942e', 'hex'));
  const ended = await factsOf(found(root, job));
  assert.deepEqual(
    [ended.status, ended.statusReason],
    ['finished', 'submitit noted that the job came back without an error.'],
  );
});

test('a repository whose run.dir is "." has one log of many', async (context) => {
  const root = temporaryFolder(context);
  writeJob(root, { ...jobFiles, 'train.log': log, 'debug.log': 'x', 'pyproject.toml': '', 'models/a.txt': '' });
  const facts = await factsOf(found(root, root));
  assert.deepEqual([facts.console?.map(({ title }) => title), facts.outputs], [['train.log'], undefined]);
  const listing = (files: string[], folders: string[]) => ({ path: path.join(root, 'x'), root, files, folders });
  assert.equal(hydraPlace(listing(['pyproject.toml'], ['.hydra'])), 'project');
  assert.equal(hydraPlace(listing(['train.log', 'results.json'], ['.hydra', 'wandb'])), 'job');
  assert.equal(hydraPlace(listing(['multirun.yaml'], ['0', '1'])), 'sweep');
  assert.equal(hydraPlace(listing(['a.yaml'], ['0'])), undefined);
});

test('another job in the same folder is a reset; growing and half-written files are none', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'job');
  writeJob(folder, { '.hydra/config.yaml': '' });
  const reader = new HydraReader(found(root, folder));
  const gatherer = new Gatherer();
  let cursor = await pollAll(reader, gatherer);
  assert.equal(gatherer.rows.facts.status, 'unknown');
  writeJob(folder, { ...jobFiles, 'train.log': log });
  cursor = await pollAll(reader, gatherer, cursor);
  appendFileSync(path.join(folder, 'train.log'), failure);
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.facts.status], [0, 'failed']);
  writeJob(folder, { '.hydra/config.yaml': config.replace('unet_a', 'unet_b'), 'train.log': '' });
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.rows.facts.name], [1, 'unet_b']);
  writeJob(folder, { '.hydra/config.yaml': 'a: [1' });
  await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, gatherer.problems.map(({ file }) => file)], [1, ['.hydra/config.yaml']]);
});

test('any cut of the files tells the same facts', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'job');
  const texts = { ...jobFiles, 'train.log': log + failure };
  await assertAnyCut({
    format: hydraFormat,
    files: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])),
    folder,
    run: (place) => found(root, place),
    compare: ({ facts: { config: tree, status, statusReason, command, endedAt } }) => ({
      tree,
      status,
      statusReason,
      command,
      endedAt,
    }),
  });
});

test('interpolations of interpolations do not fill memory', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'job');
  const levels = Array.from({ length: 30 }, (_, at) => `l${at}: ["\${l${at + 1}}", "\${l${at + 1}}"]`);
  writeJob(folder, { '.hydra/config.yaml': [...levels, 'l30: end'].join('\n') });
  const facts = await factsOf(found(root, folder));
  assert.ok(JSON.stringify(facts.config).length < 2_000_000);
});

test('the jobs of a real program are found, with the loggers that they have inside', async (context) => {
  const sample = makeSample('genomic-lm');
  context.after(() => sample.dispose());
  const train = (...words: string[]): void => {
    const environment = { ...process.env, PROJECT_ROOT: sample.folder };
    execFileSync('python3', ['glm_experiments/train.py', ...words], {
      cwd: sample.folder,
      env: environment,
      stdio: 'ignore',
    });
  };
  train('experiment=bert_small', 'trainer.max_epochs=1', 'logger=csv');
  train('-m', 'experiment=bert_small', 'trainer.max_epochs=1', 'seed=1,2');
  const { runs } = await discoverRuns(sample.folder);
  const jobs = runs.filter(({ source }) => source === 'hydra');
  assert.equal(jobs.length, 3);
  for (const job of jobs) {
    const facts = await factsOf(job);
    const overrides = readFileSync(path.join(job.path, '.hydra', 'overrides.yaml'), 'utf8');
    assert.equal(facts.command?.slice(2).length, overrides.trim().split('\n').length);
    assert.equal(facts.group !== undefined, job.path.includes('multirun'));
    assert.equal(facts.project, 'train');
  }
});
