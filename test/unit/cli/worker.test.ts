import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { shutDownWorker } from '../../../src/client/index.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { temporaryFolder } from '../readers/support/events.ts';
import { trainyard } from './support.ts';

/** An IDX file of unsigned bytes (http://yann.lecun.com/exdb/mnist/): magic, sizes, content. */
function idx(sizes: readonly number[], content: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.writeUInt32BE(0x0800 + sizes.length);
  for (const [index, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * index);
  return Buffer.concat([head, content]);
}

/** Sixty small pictures of two classes: dark ones and bright ones. */
function writeData(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const count = 60;
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 2);
  const images = new Uint8Array(count * 64).map((_, at) => (labels[Math.floor(at / 64)] === 0 ? 20 : 220));
  for (const set of ['train', 't10k']) {
    writeFileSync(path.join(folder, `${set}-images-idx3-ubyte`), idx([count, 8, 8], images));
    writeFileSync(path.join(folder, `${set}-labels-idx1-ubyte`), idx([count], labels));
  }
  return folder;
}

test('a run is launched, waited for, listed, read, resumed and taken out of the queue by the command line', async (context) => {
  const env: { TRAINYARD_HOME?: string } = {};
  context.after(async () => {
    // Nothing of a failed test may go on training.
    await run('stop', 'long', '--force');
    await shutDownWorker({ client: 'cli', version: '0.0.0', env: { ...process.env, ...env } });
  });
  const lab = temporaryFolder(context);
  env.TRAINYARD_HOME = path.join(lab, 'home');
  const run = async (
    ...args: readonly string[]
  ): Promise<ReturnType<typeof trainyard> extends Promise<infer R> ? R : never> => trainyard(args, { cwd: lab, env });
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };
  const data = writeData(path.join(lab, 'data'));
  const overrides = [`data=${data}`, 'steps=6', 'batchSize=8', 'evaluateEvery=3'];

  const { runId, run: ended } = await json<{ runId: string; run: RunSummary }>(
    'launch',
    'classifier',
    ...overrides,
    '--name',
    'first',
    '--device',
    'cpu',
    '--label',
    'test',
    '--wait',
  );
  assert.deepEqual([ended.status, ended.name, ended.progress?.step, ended.labels], ['finished', 'first', 6, ['test']]);

  const { runs } = await json<{ runs: RunSummary[] }>('runs');
  assert.deepEqual(
    runs.map(({ id, name, source }) => [id, name, source]),
    [[runId, 'first', 'trainyard']],
  );
  const { series } = await json<{ series: { tag: string; count: number }[] }>('metrics', 'first');
  assert.equal(series.find(({ tag }) => tag === 'train/loss')?.count, 6);
  const points = await json<{ series: { points: number[][] }[] }>(
    'metrics',
    runId,
    'train/loss',
    '--from',
    '2',
    '--count',
    '2',
  );
  assert.deepEqual(
    points.series[0]!.points.map(([step]) => step),
    [3, 4],
  );
  const csv = await run('metrics', 'first', 'train/loss');
  assert.match(csv.stdout, /^tag,step,wall_time,value\ntrain\/loss,1,\d/);
  assert.equal(csv.stdout.trim().split('\n').length, 7);
  const { checkpoints } = await json<{
    checkpoints: { isLast: boolean; runName: string; resumable: boolean; step: number }[];
  }>('checkpoints');
  const last = checkpoints.find(({ isLast, runName }) => isLast && runName === 'first');
  assert.deepEqual([last?.resumable, last?.step], [true, 6]);
  assert.match((await run('checkpoints', '--run', 'first')).stdout, / 6 .* last .*last\.safetensors/);
  const { text, size } = await json<{ text: string; size: number }>('log', 'first');
  assert.equal(Buffer.byteLength(text), size);
  assert.match(text, /Finished at step 6/);

  const inspected = await json<{ runs: { status: string; tags: { [tag: string]: { count: number } } }[] }>(
    'inspect',
    path.join(lab, 'runs', 'first'),
  );
  assert.deepEqual([inspected.runs[0]!.status, inspected.runs[0]!.tags['train/loss']!.count], ['finished', 6]);

  const resumed = await json<{ run: RunSummary }>('resume', 'first', 'steps=9', '--name', 'second', '--wait');
  assert.deepEqual([resumed.run.status, resumed.run.resumedFrom, resumed.run.progress?.step], ['finished', runId, 9]);

  await json('launch', 'classifier', ...overrides, '--name', 'third', '--device', 'cpu', '--hold');
  const { jobs } = await json<{ jobs: { runName: string; state: string }[] }>('jobs');
  assert.equal(jobs.find(({ runName }) => runName === 'third')?.state, 'held');
  const cancelled = await json<{ jobs: { runName: string; state: string }[] }>('jobs', 'cancel', 'third');
  assert.notEqual(cancelled.jobs.find(({ runName }) => runName === 'third')?.state, 'held');

  const long = [
    'launch',
    'classifier',
    `data=${data}`,
    'steps=1000000',
    'batchSize=8',
    'evaluateEvery=0',
    '--name',
    'long',
    '--device',
    'cpu',
    '--request-id',
    'once',
  ];
  const preview = await json<{ runDirectory: string; problems: string[]; config: { steps: number } }>(
    ...long,
    '--preview',
  );
  assert.deepEqual(
    [preview.runDirectory, preview.problems, preview.config.steps],
    [path.join(lab, 'runs', 'long'), [], 1_000_000],
  );
  const [launched, again] = [await json<{ runId: string }>(...long), await json<{ runId: string }>(...long)];
  assert.equal(again.runId, launched.runId);
  const following = run('log', 'long', '--follow');
  await waitUntil(async () =>
    (await json<{ runs: RunSummary[] }>('runs', '--status', 'running')).runs.some(
      ({ name, progress }) => name === 'long' && (progress?.step ?? 0) > 0,
    ),
  );
  const stopped = await json<{ status: string; statusReason: string }>('stop', launched.runId.slice(0, 12), '--wait');
  assert.equal(stopped.status, 'stopped', stopped.statusReason);
  const followed = await following;
  assert.equal(followed.code, 0);
  assert.match(followed.stdout, /Stopped by SIGINT at step \d+/);

  const wrong: readonly (readonly [args: readonly string[], line: RegExp])[] = [
    [['launch', 'classifier', `data=${data}`, 'stepz=5'], /no key stepz.*Did you mean steps\?/],
    [['launch', 'unheard-of'], /no recipe "unheard-of"/],
    [['launch', 'classifier', `data=${data}`, '--name', '../x'], /name/i],
    [['stop', 'first'], /first does not run: it is finished/],
    [['stop', 'nobody'], /There is no run "nobody".*first/],
    [['metrics', 'first', 'train/los'], /no scalar series "train\/los".*train\/loss/],
    [['jobs', 'hold', 'nobody'], /no job "nobody"/],
  ];
  for (const [args, line] of wrong) {
    const { code, stdout, stderr } = await run(...args, '--json');
    assert.deepEqual([code, stdout], [1, ''], args.join(' '));
    assert.match(stderr, line);
    assert.match(stderr, /^trainyard: [^\n]+\n$/);
  }
});

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(200);
}
