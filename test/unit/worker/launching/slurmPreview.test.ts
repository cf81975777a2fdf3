import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
import { prepareSingle, sharedFiles } from '../../../../src/launch/slurm/place.ts';
import { SlurmJob } from '../../../../src/launch/slurm/slurmJob.ts';
import { client, host } from '../openWorker.ts';

const yaml = `targets:
  cluster: {kind: slurm, partition: gpu, presets: {big: {gres: "gpu:4", options: ["--exclude=n 1"]}}}
`;

function request(more: Partial<CommandLaunchRequest> = {}): CommandLaunchRequest {
  return {
    requestId: `request-${Math.random()}`,
    folder: host.folder,
    entry: 'slurm:jobs/fm train.slurm',
    arguments: ['seed=1', 'name=a b'],
    target: { name: 'cluster', preset: 'big' },
    name: 'fm-1',
    ...more,
  };
}

test('the preview of a batch script shows the command line that sbatch gets, and elsewhere the shell that runs it', async () => {
  host.write('trainyard.yaml', yaml);
  host.write('jobs/fm train.slurm', '#!/bin/bash\n#SBATCH --job-name=fm\npython train.py "$@"\n');
  const preview = await client.call('command.preview', request());
  assert.deepEqual(preview.problems, []);
  assert.match(
    preview.commandLine,
    /sbatch --job-name=fm-1 --partition=gpu --gres=gpu:4 '--exclude=n 1' 'jobs\/fm train.slurm' seed=1 'name=a b'$/,
  );
  const { runId, run } = await client.call('command.launch', request({ hold: true }));
  const job = new SlurmJob({ runId, directory: run.path });
  job.setNote({ format: 1, runId, comment: runId, jobName: 'fm-1', askedAt: 1, forgotten: [] });
  const { args } = await prepareSingle(job, sharedFiles, []);
  const shown = ['sbatch', ...args.filter((argument) => argument !== `--comment=${runId}`)];
  assert.deepEqual(preview.command, shown);
  const local = await client.call('command.preview', request({ target: { name: 'local' }, name: 'fm-2' }));
  assert.deepEqual(local.command, ['bash', 'jobs/fm train.slurm', 'seed=1', 'name=a b']);
});

test('what cannot be an option of sbatch is said before the launch', async () => {
  host.write('trainyard.yaml', yaml);
  host.write('jobs/fm train.slurm', '#!/bin/bash\n#SBATCH --job-name=fm\npython train.py "$@"\n');
  const wrong = request({ target: { name: 'cluster', values: { options: ['gpu'] } } });
  const { problems } = await client.call('command.preview', wrong);
  assert.deepEqual(problems, ['"gpu" is no option of sbatch.']);
});
