import { setTimeout as delay } from 'node:timers/promises';
import { ensureSlurm } from '../../targets/slurm/install.ts';
import { TestRuns } from '../../targets/slurm/runs.ts';
import { TestCluster } from '../../targets/slurm/testCluster.ts';
import { limited, type Row } from '../report.ts';

const jobs = 1_000;
const watchMs = 20_000;
const ticks = 100;

/** The rows of the slurm target, on a real SLURM of two nodes. Where it is missing the rows have no figures: nothing is invented. */
export async function slurmRows(): Promise<Row[]> {
  const obstacle = ensureSlurm({ accounts: false, install: false });
  if (obstacle !== '') {
    console.log(`Left out: SLURM. ${obstacle}`);
    return [commandsRow(null)];
  }
  const cluster = new TestCluster({ accounts: false });
  await cluster.start();
  const runs = new TestRuns('bench-slurm-');
  try {
    return await measure(runs);
  } finally {
    runs.end();
    await cluster.end();
  }
}

async function measure(runs: TestRuns): Promise<Row[]> {
  const places = Array.from({ length: jobs }, () => runs.run(['true'], { options: ['--begin=now+1hour'] }));
  const begun = performance.now();
  await Promise.all(places.map((place) => runs.target.start(place)));
  const submitted = performance.now() - begun;
  const submissions = runs.executor.count('sbatch');
  await runs.until(places[jobs - 1]!, /PENDING/);
  const before = runs.executor.commands.length;
  const periods = runs.executor.count('squeue');
  await delay(watchMs);
  const commands = runs.executor.commands.length - before;
  const polls = runs.executor.count('squeue') - periods;
  const cpu = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick++) {
    runs.tick(runs.target);
    for (const place of places) runs.target.inspect(place);
  }
  const { user, system } = process.cpuUsage(cpu);
  return [
    commandsRow(commands / polls),
    limited({
      name: `${jobs} watched SLURM jobs, a look at all of them without asking, processor time`,
      ours: (user + system) / 1000 / ticks,
      unit: 'ms',
      better: 'lower',
      limit: 5,
    }),
    figure(`${jobs} runs started together: until SLURM has them all`, submitted / 1000, 's'),
    figure(`${jobs} runs started together: calls of sbatch`, submissions, 'calls'),
  ];
}

function commandsRow(ours: number | null): Row {
  const name = 'commands per period on a SLURM with 1 000 jobs';
  return {
    name,
    ours,
    peer: null,
    peerName: '',
    unit: 'commands',
    ratio: null,
    goal: '≤ 1',
    met: ours === null ? null : ours <= 1,
  };
}

function figure(name: string, ours: number, unit: string): Row {
  return { name, ours, peer: null, peerName: '', unit, ratio: null, goal: '', met: null };
}
