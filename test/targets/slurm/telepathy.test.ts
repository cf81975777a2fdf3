// A repository with its own submit script and registry, on a real SLURM: found, launched with a preset, watched, stopped, launched again.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../../../src/domain/ids.ts';
import { makeSample } from '../../fixtures/sampleProject.ts';
import { needsCluster, useClusterWorker } from './clusterWorker.ts';
import { slurm } from './runs.ts';

const settings = `targets:
  cluster:
    kind: slurm
    partition: main
    presets:
      lab: {account: lab, partition: short, time: "8", mem: "0"}
`;

describe('telepathy on SLURM', needsCluster, () => {
  const at = useClusterWorker((host) => {
    const sample = makeSample('telepathy', { git: true });
    cpSync(sample.folder, host.folder, { recursive: true });
    sample.dispose();
    host.write('trainyard.yaml', settings);
  });

  const log = async (runId: RunId) => (await at.client.call('log.read', { runId, from: 0, maxBytes: 100_000 })).text;
  const stepsOf = async (runId: RunId) => {
    const { series } = await at.client.call('runs.get', { runId });
    return series.find(({ tag }) => tag === 'train/loss')?.count ?? 0;
  };
  /** Waits until the run has so many values, and says what is the matter where it never does. */
  const untilSteps = async (runId: RunId, enough: (count: number) => boolean) => {
    const deadline = Date.now() + 30_000;
    while (!enough(await stepsOf(runId))) {
      if (Date.now() > deadline) {
        const { runs } = await at.client.call('runs.list', { folder: at.host.folder });
        const told = runs.map(
          ({ name, source, status, statusReason }) => `${name} (${source}) ${status}: ${statusReason}`,
        );
        throw new Error(`${await stepsOf(runId)} values\n${told.join('\n')}\n${await log(runId)}`);
      }
      await delay(50);
    }
  };
  const experiment = async (name: string) => {
    const { registries } = await at.client.call('registry.read', { folder: at.host.folder });
    return registries[0]!.experiments.find((each) => each.name === name)!;
  };
  /** What squeue says of the run's job, in these columns. */
  const row = (runId: RunId, columns: string) =>
    slurm('squeue', '-h', '-t', 'all', '-o', `%k ${columns}`)
      .split('\n')
      .find((line) => line.startsWith(`${runId} `))
      ?.slice(runId.length + 1);

  test('its submit script runs with a preset over its #SBATCH lines, is read while it runs, stopped and launched again', {
    timeout: 120_000,
  }, async () => {
    const { entries } = await at.client.call('entries.list', { folder: at.host.folder });
    const entry = entries.find(({ id }) => id === 'slurm:telepathy/submit_bridge.slurm');
    assert.deepEqual([entry?.slurm?.partition, entry?.slurm?.options], ['preempt', ['--gpus=1']]);

    const { runId } = await at.client.call('command.launch', {
      requestId: 'bridge',
      folder: at.host.folder,
      entry: entry!.id,
      arguments: ['bridge_16'],
      target: { name: 'cluster', preset: 'lab' },
      env: { STANDIN_STEP_SECONDS: '0.5' },
      name: 'bridge',
    });
    await at.host.until(at.client, runId, 'running', 'failed', 'lost');
    // Its processes are nobody's children here; they are known by the run in their environment.
    await untilSteps(runId, (count) => count > 2);
    const live = await at.client.call('runs.get', { runId });
    assert.equal(live.status, 'running', live.statusReason);
    assert.match(live.statusReason, /SLURM \d+: RUNNING on n[12]/);
    // What the preset names wins; what only the script names stays: one GPU.
    assert.equal(row(runId, '%P %a %l'), 'short lab 8:00');
    assert.deepEqual([(await experiment('bridge_16')).status, (await experiment('bridge_16')).gpu], ['running', '0']);

    await at.client.call('runs.stop', { runId });
    const stopped = await at.host.until(at.client, runId, 'stopped', 'failed', 'killed', 'finished', 'lost');
    assert.equal(stopped.status, 'stopped', stopped.statusReason);
    await untilSteps(runId, (count) => count > 2);
    const seen = await stepsOf(runId);
    assert.ok(seen < 30);

    const again = await at.client.call('command.request', { runId });
    assert.deepEqual(
      [again.entry, again.arguments, again.target],
      [entry!.id, ['bridge_16'], { name: 'cluster', preset: 'lab' }],
    );
    const next = await at.client.call('command.launch', { ...again, env: { STANDIN_STEP_SECONDS: '0.15' } });
    const ended = await at.host.until(at.client, next.runId, 'finished', 'failed', 'stopped', 'lost');
    assert.equal(ended.status, 'finished', `${ended.statusReason}\n${await log(next.runId)}`);
    await untilSteps(next.runId, (count) => count === 30);
    assert.match(await log(next.runId), /step 30 loss/);
    assert.equal(await stepsOf(runId), seen, 'the stopped run keeps its own values');
    const { status, resultFile } = await experiment('bridge_16');
    assert.equal(status, 'completed');
    const results = JSON.parse(readFileSync(path.resolve(at.host.folder, resultFile!), 'utf8')) as { loss: number };
    assert.ok(results.loss > 0);
  });

  test('srun in a job: each task has its own number and GPU, and the environment of the launch', {
    timeout: 60_000,
  }, async () => {
    const words =
      'echo "task $SLURM_PROCID of $SLURM_NTASKS local $SLURM_LOCALID gpu $CUDA_VISIBLE_DEVICES run $TRAINYARD_RUN_ID says $GREETING"';
    const { runId } = await at.client.call('command.launch', {
      requestId: 'srun',
      folder: at.host.folder,
      command: ['srun', '--label', 'bash', '-c', words],
      arguments: [],
      target: { name: 'cluster', values: { nodes: 1, tasks: 2, options: ['--gpus-per-task=1'] } },
      env: { GREETING: 'two  words' },
      name: 'tasks',
    });
    const ended = await at.host.until(at.client, runId, 'finished', 'failed', 'lost', 'stopped');
    const text = await log(runId);
    assert.equal(ended.status, 'finished', `${ended.statusReason}\n${text}`);
    const said = text
      .split('\n')
      .filter((line) => line.includes('task '))
      .sort();
    assert.deepEqual(
      said,
      [0, 1].map((task) => `${task}: task ${task} of 2 local ${task} gpu ${task} run ${runId} says two  words`),
    );
  });
});
