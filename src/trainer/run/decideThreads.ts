import { type RunSettings, runSettings } from '../config/runSettings.ts';
import { chooseThreads } from '../engine/chooseThreads.ts';
import type { StepPlan } from '../engine/fusedSteps.ts';
import type { TrainState } from '../engine/trainState.ts';
import type { LoadedCheckpoint } from './checkpointFile.ts';

/** What the operations that stay on the CPU get beside another device. */
const besideDevice = 2;

/**
 * The plan with a number of threads: the configured one, or, where that is 0, the one that the run was begun with, or else the fastest, measured now. `measuring` is called before that.
 */
export async function withThreads(
  plan: StepPlan,
  start: TrainState,
  settings: RunSettings,
  resumedFrom: Pick<LoadedCheckpoint, 'facts'> | undefined,
  measuring: () => Promise<void>,
): Promise<StepPlan> {
  const put = (threads: number): StepPlan => ({ ...plan, placement: { ...plan.placement, threads } });
  if (settings.threads > 0) return plan;
  if (plan.placement.device !== 'cpu') return put(besideDevice);
  const before = resumedFrom === undefined ? 0 : runSettings(JSON.parse(resumedFrom.facts.config)).threads;
  // Another number would change the last bits of what follows.
  if (before > 0) return put(before);
  await measuring();
  return put((await chooseThreads(plan, start)).threads);
}
