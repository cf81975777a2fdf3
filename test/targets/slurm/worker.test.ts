// The whole way: trainyard.yaml → worker → queue → a real SLURM → run, and the look at the cluster before a launch.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommandLaunchRequest } from '../../../src/domain/commandLaunch.ts';
import type { SlurmSettings } from '../../../src/domain/target.ts';
import { LocalExecutor } from '../../../src/launch/remote/localExecutor.ts';
import { reportSlurm } from '../../../src/launch/slurm/report.ts';
import { needsCluster, useClusterWorker } from './clusterWorker.ts';
import { slurm } from './runs.ts';

describe('SLURM through the worker', needsCluster, () => {
  const at = useClusterWorker((host) =>
    host.write(
      'trainyard.yaml',
      'targets:\n  cluster:\n    kind: slurm\n    partition: main\n    presets:\n      quick: {partition: short, time: "5"}\n',
    ),
  );

  function request(more: Partial<CommandLaunchRequest> = {}): CommandLaunchRequest {
    return {
      requestId: `request-${Math.random()}`,
      folder: at.host.folder,
      command: ['bash', '-c', 'echo "args: $*"; exit 3', 'bash'],
      arguments: [],
      target: { name: 'cluster', preset: 'quick' },
      ...more,
    };
  }

  test("a launch becomes a job with the preset, runs, and its end is the run's", async () => {
    const { runId } = await at.client.call('command.launch', request({ arguments: ["it's", '$(id)'] }));
    const ended = await at.host.until(at.client, runId, 'failed', 'finished', 'lost', 'stopped');
    assert.equal(ended.status, 'failed', ended.statusReason);
    assert.match(ended.statusReason, /exit code 3/);
    const [partition] =
      slurm('squeue', '-h', '-t', 'all', '-o', '%P %k')
        .split('\n')
        .find((line) => line.endsWith(runId))
        ?.split(' ') ?? [];
    assert.equal(partition, 'short');
  });

  test('a run that waits in SLURM is stopped from the queue', async () => {
    const waits = request({ target: { name: 'cluster', values: { options: ['--begin=now+1hour'] } } });
    const { runId } = await at.client.call('command.launch', waits);
    const deadline = Date.now() + 30_000;
    for (;;) {
      const run = await at.client.call('runs.get', { runId });
      if (/BeginTime/.test(run.statusReason)) break;
      assert.ok(Date.now() < deadline, run.statusReason);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await at.client.call('runs.stop', { runId });
    const ended = await at.host.until(at.client, runId, 'failed', 'finished', 'lost', 'stopped');
    assert.equal(ended.status, 'stopped', ended.statusReason);
  });

  test('a look at the cluster says what is idle, and what it would refuse', async () => {
    const look = (settings: Partial<SlurmSettings>) =>
      reportSlurm('c', { kind: 'slurm', ...settings }, new LocalExecutor());
    const fine = await at.client.call('targets.report', { folder: at.host.folder, target: { name: 'cluster' } });
    assert.deepEqual(fine.problems, []);
    assert.ok(
      fine.lines.some((line) => /partition short: \d of 2 nodes idle, \d of 4 GPUs free, at most 10:00/.test(line)),
      fine.lines.join('\n'),
    );
    const problems = async (settings: Partial<SlurmSettings>) => (await look(settings)).problems.join(' ');
    assert.match(await problems({ partition: 'shrot' }), /no partition shrot\. Did you mean short\?/);
    assert.match(await problems({ partition: 'short', time: '20:00:00' }), /above the limit: short allows 10:00/);
    assert.match(await problems({ time: 'soon' }), /no time limit/);
    assert.match(await problems({ gres: 'gpu:9' }), /would refuse/);
  });
});
