import { existsSync } from 'node:fs';
import type { JobId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { CommandLaunchFacts, LaunchRecord } from '../../domain/launch.ts';
import type { RequestRow } from '../../store/requestTable.ts';
import { present } from './prepared.ts';

/** The entry of the queue for a run directory that is there. What the request does not hold stands in the launch record, so a launch that was cut off gets the same one. */
export function jobOfLaunch(row: RequestRow, record: LaunchRecord): Omit<Job, 'order' | 'reason'> {
  return {
    id: row.runId as string as JobId,
    runId: row.runId,
    runName: record.name,
    state: row.held ? 'held' : 'waiting',
    target: 'local',
    slot: row.slot,
    submittedAt: Date.now() / 1000,
    ...(record.commandLaunch === undefined ? {} : commandJob(record.commandLaunch)),
  };
}

function commandJob({ request, target }: CommandLaunchFacts): Partial<Job> {
  const { priority, after, notBefore, group, groupLimit } = request;
  return {
    target: target.settings.kind,
    ...present({ priority, after, notBefore, group, groupLimit, gpus: jobGpus(request, target) }),
  };
}

/** Zero hides the GPUs from the job; undefined leaves the environment as it is, on a machine that has none and elsewhere. */
function jobGpus({ gpus }: CommandLaunchFacts['request'], target: CommandLaunchFacts['target']): number | undefined {
  if (target.settings.kind !== 'local') return undefined;
  return gpus ?? (gpusOf(undefined) > 0 ? gpusOf(undefined) : undefined);
}

/** How many GPUs of this machine a command gets: what was asked for, else one where there is one. */
export function gpusOf(asked: number | undefined): number {
  if (asked !== undefined) return asked;
  return existsSync('/dev/nvidia0') || existsSync('/dev/dxg') ? 1 : 0;
}

/** The slot of a command: GPUs are given out one by one, so what needs them is never full by its slot; other machines have queues of their own. */
export function slotOfCommand(facts: Pick<CommandLaunchFacts, 'target' | 'request'>): string {
  if (facts.target.settings.kind !== 'local') return 'any';
  return gpusOf(facts.request.gpus) > 0 ? 'any' : 'cpu';
}
