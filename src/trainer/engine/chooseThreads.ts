import { availableParallelism } from 'node:os';
import { FusedSteps, type StepPlan } from './fusedSteps.ts';
import type { TrainState } from './trainState.ts';

/** More threads must be faster by so much to be worth having: they are taken from other runs. */
const worthwhile = 0.95;
const timedCalls = 3;

/** What was measured on the way to a number of threads. */
export interface ThreadChoice {
  readonly threads: number;
  /** Seconds of a step by number of threads, in the order of measuring. */
  readonly tried: ReadonlyMap<number, number>;
}

/**
 * The number of threads with which a run's own steps are fastest on the CPU, by steps from its start whose results are thrown away. Numbers are doubled
 * until they no longer help.
 */
export async function chooseThreads(
  plan: StepPlan,
  start: TrainState,
  most = availableParallelism(),
): Promise<ThreadChoice> {
  const tried = new Map<number, number>();
  let best = { threads: 1, seconds: await secondsPerStep(plan, start, 1) };
  tried.set(1, best.seconds);
  for (const threads of doublings(most)) {
    const seconds = await secondsPerStep(plan, start, threads);
    tried.set(threads, seconds);
    if (seconds > best.seconds * worthwhile) break;
    best = { threads, seconds };
  }
  return { threads: best.threads, tried };
}

/** 2, 4, 8 … and the most itself. */
function doublings(most: number): readonly number[] {
  const numbers: number[] = [];
  for (let threads = 2; threads < most; threads *= 2) numbers.push(threads);
  return most > 1 ? [...numbers, most] : numbers;
}

async function secondsPerStep(plan: StepPlan, start: TrainState, threads: number): Promise<number> {
  const steps = new FusedSteps({ ...plan, placement: { ...plan.placement, threads } });
  try {
    await steps.run(start, 1);
    let best = Number.POSITIVE_INFINITY;
    for (let call = 0; call < timedCalls; call++) {
      const begin = performance.now();
      await steps.run(start, 1);
      best = Math.min(best, (performance.now() - begin) / 1000);
    }
    return best;
  } finally {
    steps.dispose();
  }
}
