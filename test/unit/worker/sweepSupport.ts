import path from 'node:path';
import type { CommandLaunchRequest } from '../../../src/domain/commandLaunch.ts';
import type { Sweep, SweepRequest, TrialState } from '../../../src/domain/sweep.ts';
import { client, host } from './openWorker.ts';
import { eventually } from './testWorker.ts';

/** The program of a trial. */
export const trialCommand: readonly string[] = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  path.resolve('test/unit/worker/sweepTrial.ts'),
];

export function launch(more: Partial<CommandLaunchRequest> = {}): CommandLaunchRequest {
  return {
    requestId: 'unused',
    folder: host.folder,
    command: trialCommand,
    arguments: [],
    target: { name: 'local' },
    gpus: 0,
    ...more,
  };
}

export function grid(more: Partial<SweepRequest> = {}): SweepRequest {
  return {
    requestId: 'sweep-1',
    name: 'lr',
    launch: launch(),
    axes: [
      { key: 'x', values: ['1', '2'] },
      { key: 'batch_size', values: ['16', '64'] },
    ],
    search: 'grid',
    metric: 'loss',
    ...more,
  };
}

export async function sweepOf(id: string): Promise<Sweep> {
  const { sweeps } = await client.call('sweeps.list', { folder: host.folder });
  return sweeps.find((sweep) => sweep.id === id)!;
}

/** Waits until no trial waits or runs. */
export async function over(id: string): Promise<Sweep> {
  for (;;) {
    await eventually(async () => {
      const { counts } = await sweepOf(id);
      return counts.waiting + counts.running === 0;
    });
    // The last values come a moment after the end.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const sweep = await sweepOf(id);
    if (sweep.counts.waiting + sweep.counts.running === 0) return sweep;
  }
}

export function states(sweep: Sweep): readonly TrialState[] {
  return sweep.trials.map(({ state }) => state);
}
