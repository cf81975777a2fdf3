// Steps of every recipe, run as a run does them: on the device beside the CPU, in one call beside several, twice over.
import { Disposables } from '../../../src/base/disposables.ts';
import type { DeviceName } from '../../../src/domain/device.ts';
import { describePlacement, type StepPlacement } from '../../../src/domain/device.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import { lookAtPlacement } from '../../../src/trainer/devices/placement.ts';
import { FusedSteps, type StepPlan } from '../../../src/trainer/engine/fusedSteps.ts';
import { residentData } from '../../../src/trainer/engine/residentData.ts';
import { lossTag } from '../../../src/trainer/engine/stepNames.ts';
import { initialState, type TrainState } from '../../../src/trainer/engine/trainState.ts';
import { madeUpSet } from '../madeUpSet.ts';
import { type RecipeStep, recipeSteps } from '../recipeSteps.ts';
import type { GpuRow } from '../report.ts';
import { distance, failed, type Part } from './part.ts';

const steps = 4;
const seed = 5;
/** Of losses behind some steps, relative. Products of 16 bits are summed in another order, and one is rounded the other way here and there. */
const tolerances = { fp32: 2e-3, bf16: 5e-2, fp16: 2e-2 } as const;
const smallTitles = ['classifier mlp, fp32', 'classifier mlp, fp16', 'language-model tied, dropout, bf16, accumulate'];
/** What resumption and repetition are looked at with: what adds in any order among them, and the same made deterministic. */
const resumed =
  /^(classifier cnn|language-model tied, dropout|meanflow unet), (fp32|bf16|fp16)(, (deterministic|accumulate))?$/;

/** Losses and parameters behind some steps, beside those of the CPU, which computes the same rounded products. */
export const recipes: Part = async function* ({ device, small }) {
  const isWanted = (title: string) => !small || smallTitles.includes(title);
  const onCpu = recipeSteps('cpu', undefined, isWanted);
  for (const here of recipeSteps(device, undefined, isWanted)) {
    const right = onCpu.next().value as RecipeStep;
    yield await row(here.title, async () => {
      const [a, b] = [await runSteps(here, device, [steps]), await runSteps(right, 'cpu', [steps])];
      const losses = distance(a.losses, b.losses);
      const allowed = tolerances[precisionOf(here.title)];
      return { ok: losses < allowed, figures: { losses, parameters: parametersApart(a.state, b.state), allowed } };
    });
  }
};

/** Whether calls of any length, a second run, and data that lie on the device give the same; bit by bit is noted and asked for only where the run says so. */
export const repetition: Part = async function* ({ device, small }) {
  const isWanted = (title: string) => (small ? title === smallTitles[1] : resumed.test(title));
  for (const here of recipeSteps(device, undefined, isWanted)) {
    yield await row(here.title, async () => {
      const [whole, again] = [await runSteps(here, device, [steps]), await runSteps(here, device, [steps])];
      const parts = await runSteps(here, device, [1, steps - 1]);
      const resident = await runSteps(here, device, [steps], true);
      const [repeated, cut, held] = [again, parts, resident].map(({ state }) => parametersApart(state, whole.state));
      return {
        ok: Math.max(repeated!, cut!, held!, distance(parts.losses, whole.losses)) < 1e-2,
        figures: { repeated: sameOr(repeated!), 'in parts': sameOr(cut!), 'data on the device': sameOr(held!) },
      };
    });
  }
};

/** Nodes on the CPU and copies, by ONNX Runtime's own trace of a step. */
export const placement: Part = async function* ({ device, small }) {
  for (const here of recipeSteps(device, undefined, (title) => !small || title === smallTitles[0])) {
    yield await row(here.title, async () => {
      const { plan, start, owner } = planOf(here, device);
      try {
        return placementRow(await lookAtPlacement(plan, start));
      } finally {
        owner.dispose();
      }
    });
  }
};

export function placementRow(placed: StepPlacement): Omit<GpuRow, 'name'> {
  const { nodes, onCpu, copies } = placed;
  const well = onCpu.length === 0 && copies === 0;
  return { ok: well, figures: { nodes, copies }, ...(well ? {} : { note: describePlacement(placed) }) };
}

async function row(name: string, work: () => Promise<Omit<GpuRow, 'name'>>): Promise<GpuRow> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return failed(name, error);
  }
}

function sameOr(difference: number): string {
  return difference === 0 ? 'the same bits' : difference.toExponential(1);
}

function precisionOf(title: string): keyof typeof tolerances {
  return (/\b(fp32|bf16|fp16)\b/.exec(title)?.[1] ?? 'fp32') as keyof typeof tolerances;
}

function parametersApart(a: TrainState, b: TrainState): number {
  return distance(a.vectors.parameters, b.vectors.parameters);
}

/** Runs calls of so many steps, one after another. */
async function runSteps(
  recipeStep: RecipeStep,
  device: DeviceName,
  calls: readonly number[],
  isResident = false,
): Promise<{ readonly state: TrainState; readonly losses: readonly number[] }> {
  const { plan, start, owner } = planOf(recipeStep, device, isResident);
  try {
    const fused = owner.add(new FusedSteps(plan));
    const losses: number[] = [];
    let state = start;
    for (const count of calls) {
      const result = await fused.run(state, count);
      losses.push(...result.metrics.get(lossTag)!);
      state = result.state;
    }
    return { state, losses };
  } finally {
    owner.dispose();
  }
}

function planOf({ program, facts, step }: RecipeStep, device: DeviceName, isResident = false) {
  const owner = new Disposables();
  const set = madeUpSet(facts);
  const loader = owner.add(new BatchLoader(set, seed));
  const { optimizer } = program;
  const batchSize = program.batchSize * (step.numbers.accumulate ?? 1);
  const plan: StepPlan = {
    step,
    optimizer,
    batchSize,
    totalSteps: 100,
    seed,
    loader,
    placement: { device, threads: 1 },
    ...(isResident ? { resident: residentData(set) } : {}),
  };
  return { plan, owner, start: initialState(step.pack.initialValues(seed)) };
}
