import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import { type CallTimes, FusedSteps, type StepPlan } from '../engine/fusedSteps.ts';
import type { TrainState } from '../engine/trainState.ts';

/**
 * Makes calls of so many steps each from a state, whose results are thrown away, under ONNX Runtime's own trace. Gives the text of the trace, which has an
 * untold first call too, and the times of the others.
 */
export async function tracedCalls(
  plan: StepPlan,
  start: TrainState,
  steps: number,
  calls: number,
): Promise<{ readonly times: readonly CallTimes[]; readonly text: string }> {
  const owner = new Disposables();
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-profile-'));
  owner.onDispose(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const traced = owner.add(new FusedSteps(plan, path.join(folder, 'trace')));
    await traced.run(start, steps);
    const times: CallTimes[] = [];
    for (let call = 0; call < calls; call++) times.push((await traced.run(start, steps)).times);
    traced.endTrace();
    const [file] = readdirSync(folder);
    if (file === undefined) throw new AppError('internal', 'ONNX Runtime left no trace.');
    return { times, text: readFileSync(path.join(folder, file), 'utf8') };
  } finally {
    owner.dispose();
  }
}
