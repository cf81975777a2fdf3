import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { Pipeline, PipelineRun, PipelineStage } from '../../../../src/domain/project.ts';
import { Pipelines } from '../../../../src/worker/pipelines/pipelines.ts';
import { planPipeline } from '../../../../src/worker/pipelines/plan.ts';
import { client, host, restart } from '../openWorker.ts';
import { eventually } from '../testWorker.ts';

let pipelines: Pipelines;
let told: PipelineRun[];

function openPipelines(): Pipelines {
  const { launcher, scheduler } = host.worker;
  return new Pipelines({ launcher, scheduler, tell: (run) => told.push(run), complain: () => {} });
}

beforeEach(() => {
  told = [];
  pipelines = openPipelines();
});
afterEach(() => pipelines.dispose());

/** A stage that appends its name to a file and leaves with a code. */
function stage(name: string, more: Partial<PipelineStage> & { code?: string } = {}): PipelineStage {
  const { code = '0', ...rest } = more;
  const script = `require('fs').appendFileSync('order', process.argv.slice(1).join(' ') + ';'); process.exit(${code})`;
  return {
    name,
    command: [process.execPath, '-e', script, name],
    needs: [],
    produces: [],
    consumes: [],
    ...rest,
  };
}

const chain = (...stages: PipelineStage[]): Pipeline => ({
  name: 'router',
  parameters: { dataset: '', run: 'r1' },
  stages: stages.map((each, index) => (index === 0 ? each : { ...each, needs: [stages[index - 1]!.name] })),
});

const launchOf = (requestId: string, more: object = {}) => ({
  requestId,
  folder: host.folder,
  target: { name: 'local' },
  parameters: {},
  ...more,
});

const states = (run: PipelineRun) => run.stages.map(({ name, state }) => `${name} ${state}`);

async function untilOver(id: string): Promise<PipelineRun> {
  let run: PipelineRun | undefined;
  await eventually(async () => {
    run = (await pipelines.list(host.folder)).find((each) => each.id === id);
    return run?.stages.every(({ state }) => ['done', 'failed', 'skipped'].includes(state)) === true;
  });
  return run!;
}

test('stages run one after the other, and what they make is named by content', async () => {
  const pipeline = chain(stage('generate', { produces: ['order'] }), stage('train'), stage('evaluate'));
  const first = await pipelines.launch(pipeline, launchOf('p1'));
  const again = await pipelines.launch(pipeline, launchOf('p1'));
  assert.equal(again.id, first.id);
  const run = await untilOver(first.id);
  assert.deepEqual(states(run), ['generate done', 'train done', 'evaluate done']);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), 'generate;train;evaluate;');
  await eventually(async () => (await pipelines.list(host.folder))[0]!.stages[0]!.artifacts.length === 1);
  assert.ok(told.length >= 6);
});

test('a stage that fails keeps those behind it from starting, and the pipeline can be entered again there', async () => {
  const broken = chain(stage('generate', { produces: ['data'] }), stage('train', { code: '5' }), stage('evaluate'));
  host.write('data', 'acgt');
  const first = await untilOver((await pipelines.launch(broken, launchOf('p1'))).id);
  assert.deepEqual(states(first), ['generate done', 'train failed', 'evaluate skipped']);
  await eventually(async () => (await pipelines.list(host.folder))[0]!.stages[0]!.artifacts.length === 1);
  const mended = chain(stage('generate', { produces: ['data'] }), stage('train'), stage('evaluate'));
  const second = await untilOver((await pipelines.launch(mended, launchOf('p2', { from: 'train' }))).id);
  assert.deepEqual(states(second), ['generate skipped', 'train done', 'evaluate done']);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), 'generate;train;train;evaluate;');
  const sha256 = createHash('sha256').update('acgt').digest('hex');
  assert.deepEqual(second.stages[0]!.artifacts, [{ path: 'data', sha256 }]);
});

/** A stage that fails until it was tried so many times. */
function fragile(name: string, tries: number, more: Partial<PipelineStage> = {}): PipelineStage {
  const script = `require('fs').appendFileSync('order', process.argv[1] + ';'); process.exit(require('fs').readFileSync('order', 'utf8').split(process.argv[1]).length > ${tries} ? 0 : 5)`;
  return { ...stage(name, more), command: [process.execPath, '-e', script, name] };
}

test('a stage that fails as its policy says is tried again, and what follows waits for the try that ends well', async () => {
  const retry = { attempts: 2, kinds: ['error', 'unknown'], delaySeconds: 0.1 } as const;
  const pipeline = chain(fragile('generate', 3, { retry }), stage('train'));
  const run = await untilOver((await pipelines.launch(pipeline, launchOf('p1'))).id);
  assert.deepEqual(states(run), ['generate done', 'train done']);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), 'generate;generate;generate;train;');
  assert.equal(
    told.some(({ stages }) => stages[0]?.state === 'failed'),
    false,
    'a stage that is tried again has not failed',
  );
  const last = await client.call('runs.get', { runId: run.stages[0]!.runId as RunId });
  assert.equal(last.status, 'finished', 'the stage is the try that ended well');
});

test('a stage that fails in every try stops the pipeline, also where only the launch names a policy and the worker ended meanwhile', async () => {
  const retry = { attempts: 1, kinds: ['error', 'unknown'], delaySeconds: 1 } as const;
  const pipeline = chain(fragile('generate', 9), stage('train'));
  const { id } = await pipelines.launch(pipeline, launchOf('p1', { retry }));
  await eventually(() => existsSync(path.join(host.folder, 'order')));
  pipelines.dispose();
  await restart();
  pipelines = openPipelines();
  assert.deepEqual(states(await untilOver(id)), ['generate failed', 'train skipped']);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), 'generate;generate;');
});

test('a stage is run dry alone, with its own arguments and the parameters as they were given', async () => {
  const value = `"two words" $(touch pwned) ä\nnext`;
  const upload = stage('upload', { dry: ['--dry', '{dataset}'] });
  const run = await pipelines.launch(
    chain(stage('generate'), upload, stage('train')),
    launchOf('p1', { dry: 'upload', parameters: { dataset: value } }),
  );
  const ended = await untilOver(run.id);
  assert.deepEqual(states(ended), ['generate skipped', 'upload done', 'train skipped']);
  assert.equal(readFileSync(path.join(host.folder, 'order'), 'utf8'), `upload --dry ${value};`);
  assert.equal(existsSync(path.join(host.folder, 'pwned')), false);
});

test('everything that is wrong with a launch is said, and nothing is launched', async () => {
  const pipeline: Pipeline = {
    name: 'router',
    parameters: { dataset: '' },
    stages: [stage('train', { needs: ['later'], command: ['echo', '{dataset}', '{unknown}'] }), stage('later')],
  };
  const plan = planPipeline(pipeline, { parameters: { typo: 'x' }, from: 'nowhere' });
  assert.equal(plan.ok, false);
  assert.match(plan.ok ? '' : plan.message, /no parameter "typo".*no stage "nowhere".*"train" of router needs "later"/);
  const empty = planPipeline(
    { ...pipeline, stages: [stage('train', { command: ['echo', '{dataset}'] })] },
    { parameters: {} },
  );
  assert.match(empty.ok ? '' : empty.message, /The parameter "dataset" is needed by the stage "train"/);
  await assert.rejects(pipelines.launch(pipeline, launchOf('p1')), { code: 'bad-argument' });
  assert.deepEqual(await pipelines.list(host.folder), []);
  assert.equal((await client.call('queue.list', {})).jobs.length, 0);
});

test('a pipeline goes on under the next worker', async () => {
  const slow: PipelineStage = {
    ...stage('generate'),
    command: [process.execPath, '-e', "setInterval(() => { if (require('fs').existsSync('go')) process.exit(0) }, 30)"],
  };
  const first = await pipelines.launch(chain(slow, stage('train')), launchOf('p1'));
  pipelines.dispose();
  await restart();
  pipelines = openPipelines();
  await pipelines.list(host.folder);
  host.write('go', '');
  assert.deepEqual(states(await untilOver(first.id)), ['generate done', 'train done']);
});
