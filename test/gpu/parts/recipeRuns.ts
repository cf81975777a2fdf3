// Steps of every recipe, run as a run does them: on the device beside the CPU, in one call beside several, twice over.
import { Disposables } from '../../../src/base/disposables.ts';
import type { DeviceName } from '../../../src/domain/device.ts';
import { describePlacement, type StepPlacement } from '../../../src/domain/device.ts';
import { seededRandom, sizeOf } from '../../../src/graph/index.ts';
import { type DataFacts, exampleTensors } from '../../../src/recipes/data.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import type { DataSet } from '../../../src/trainer/data/dataSet.ts';
import { lookAtPlacement } from '../../../src/trainer/devices/placement.ts';
import { FusedSteps, type StepPlan } from '../../../src/trainer/engine/fusedSteps.ts';
import { initialState, type TrainState } from '../../../src/trainer/engine/trainState.ts';
import { lossTag } from '../../../src/trainer/engine/trainStep.ts';
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

/** Whether calls of any length, and a second run, give the same; bit by bit is noted and asked for only where the run says so. */
export const repetition: Part = async function* ({ device, small }) {
  const isWanted = (title: string) => (small ? title === smallTitles[1] : resumed.test(title));
  for (const here of recipeSteps(device, undefined, isWanted)) {
    yield await row(here.title, async () => {
      const [whole, again] = [await runSteps(here, device, [steps]), await runSteps(here, device, [steps])];
      const parts = await runSteps(here, device, [1, steps - 1]);
      const [repeated, cut] = [parametersApart(again.state, whole.state), parametersApart(parts.state, whole.state)];
      return {
        ok: Math.max(repeated, cut, distance(parts.losses, whole.losses)) < 1e-2,
        figures: { repeated: sameOr(repeated), 'in parts': sameOr(cut) },
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
): Promise<{ readonly state: TrainState; readonly losses: readonly number[] }> {
  const { plan, start, owner } = planOf(recipeStep, device);
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

function planOf({ program, facts, step }: RecipeStep, device: DeviceName) {
  const owner = new Disposables();
  const loader = owner.add(new BatchLoader(madeUpSet(facts), seed));
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
  };
  return { plan, owner, start: initialState(step.pack.initialValues(seed)) };
}

/** Examples made by seed, of any kind of data. */
function madeUpSet(facts: DataFacts): DataSet {
  return {
    name: 'train',
    path: '',
    facts,
    sha256: '',
    gather: (indices) =>
      Object.fromEntries(
        Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => {
          const size = sizeOf(shape);
          const values = Array.from(indices, (index) => exampleValues(name, dtype, size, index, facts)).flat();
          return [name, arrays[dtype](values)];
        }),
      ),
    dispose() {},
  };
}

const arrays = {
  uint8: (values: readonly number[]) => Uint8Array.from(values),
  int32: (values: readonly number[]) => Int32Array.from(values),
  int64: (values: readonly number[]) => BigInt64Array.from(values, BigInt),
  float32: (values: readonly number[]) => Float32Array.from(values),
};

function exampleValues(
  name: string,
  dtype: keyof typeof arrays,
  size: number,
  index: number,
  facts: DataFacts,
): number[] {
  const random = seededRandom(1000 + index);
  const classes = 'classes' in facts ? Math.max(facts.classes, 1) : 1;
  const draw: { readonly [D in keyof typeof arrays]: () => number } = {
    uint8: () => Math.floor(256 * random.uniform()),
    // Tokens, but the special ones.
    int32: () => 3 + Math.floor(4 * random.uniform()),
    int64: () => Math.floor(classes * random.uniform()),
    float32: name === 'weights' ? () => 1 : () => random.normal(),
  };
  return Array.from({ length: size }, draw[dtype]);
}
