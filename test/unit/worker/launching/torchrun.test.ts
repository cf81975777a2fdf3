// Distributed training is the engine's own: torchrun is launched as any command, and starts its processes with the environment that they need.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { identifyProcess } from '../../../../src/launch/local/processIdentity.ts';
import { client, host } from '../openWorker.ts';
import { eventually } from '../testWorker.ts';

const torch = path.join(os.homedir(), '.cache', 'trainyard-dev', 'torch');
const skip = existsSync(path.join(torch, 'torch')) ? false : `PyTorch is not in ${torch}`;

/** Two processes average what each of them has, then waits to be stopped. */
const program = `import os, time
import torch
import torch.distributed as dist

dist.init_process_group('gloo')
rank, size = dist.get_rank(), dist.get_world_size()
value = torch.tensor([float(rank + 1)])
dist.all_reduce(value)
print('rank', rank, 'of', size, 'local', os.environ['LOCAL_RANK'], 'sum', value.item(), 'pid', os.getpid(), flush=True)
time.sleep(120)
`;

test('torchrun with two processes on the processor: each has its rank, they reach each other, and a stop reaches all', {
  skip,
}, async () => {
  host.write('train.py', program);
  const { runId } = await client.call('command.launch', {
    requestId: 'ddp',
    folder: host.folder,
    name: 'ddp',
    command: ['python3', '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', '2', 'train.py'],
    arguments: [],
    env: {
      PYTHONPATH: torch,
      OMP_NUM_THREADS: '1',
      ...(process.platform === 'linux' ? { GLOO_SOCKET_IFNAME: 'lo' } : {}),
    },
    target: { name: 'local' },
    gpus: 0,
  });
  const log = async () => (await client.call('log.read', { runId, from: 0, maxBytes: 100_000 })).text;
  const hasEnded = async () => (await client.call('runs.get', { runId })).status === 'failed';
  await eventually(async () => (await hasEnded()) || ((await log()).match(/rank \d of 2/g) ?? []).length === 2);
  const text = await log();
  for (const rank of [0, 1]) assert.match(text, new RegExp(`rank ${rank} of 2 local ${rank} sum 3\\.0`));
  const pids = [...text.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  await client.call('runs.stop', { runId });
  const ended = await host.until(client, runId, 'stopped', 'failed', 'killed');
  assert.equal(ended.status, 'stopped', ended.statusReason);
  assert.equal(pids.length, 2);
  await eventually(() => pids.every((pid) => identifyProcess(pid) === undefined));
});
