// Steps of small networks on a device, with all that they need.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveConfig } from '../../../../src/domain/config.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { exampleTensors } from '../../../../src/recipes/data.ts';
import { findRecipe } from '../../../../src/recipes/index.ts';
import type { DataFacts, Program } from '../../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import type { DataSet, ExampleArrays } from '../../../../src/trainer/data/dataSet.ts';
import { FusedSteps, type StepPlan } from '../../../../src/trainer/engine/fusedSteps.ts';
import { residentData } from '../../../../src/trainer/engine/residentData.ts';
import { stepFor } from '../../../../src/trainer/engine/stepFor.ts';
import type { StepNumbers } from '../../../../src/trainer/engine/stepNumbers.ts';
import { initialState, type TrainState } from '../../../../src/trainer/engine/trainState.ts';
import { readTrace, type Trace } from '../../../../src/trainer/profile/trace.ts';

export type Device = 'cpu' | 'webgpu';

export interface Subject {
  readonly recipe: string;
  readonly keys: JsonObject;
  readonly facts: DataFacts;
}

const images: DataFacts = { kind: 'images', examples: 24, height: 8, width: 8, channels: 1, classes: 4 };
const bytes = { kind: 'bytes', size: 259, pad: 256, unknown: 257, mask: 258 } as const;
const tokens: DataFacts = { kind: 'tokens', examples: 24, window: 12, vocabulary: bytes, weighted: true, classes: 0 };

export const subjects: Readonly<Record<string, Subject>> & { readonly mlp: Subject } = {
  mlp: { recipe: 'classifier', keys: { batchSize: 4, network: { kind: 'mlp', width: 8 } }, facts: images },
  transformer: {
    recipe: 'language-model',
    keys: { batchSize: 2, window: 12, network: { width: 8, layers: 1, heads: 2 } },
    facts: tokens,
  },
  unet: {
    recipe: 'meanflow',
    keys: { batchSize: 2, network: { kind: 'unet', width: 4, heads: 1, halvings: 1, blocks: 1 } },
    facts: images,
  },
};

/** Steps of a subject on a device with all that they need. */
export class Training {
  readonly program: Program;
  readonly data: DataSet;
  readonly loader: BreakableLoader;
  readonly plan: StepPlan;
  readonly steps: FusedSteps;
  readonly first: TrainState;

  constructor({ recipe: id, keys, facts }: Subject, device: Device, isResident: boolean, numbers: StepNumbers = {}) {
    const recipe = findRecipe(id)!;
    const { config, problems } = resolveConfig(recipe.info.fields, { data: '/nowhere', ...keys });
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.program = recipe.build(config, facts);
    this.data = madeSet(facts);
    this.loader = new BreakableLoader(this.data, 3);
    const { optimizer, batchSize } = this.program;
    const step = stepFor(device, this.program, facts, numbers);
    this.plan = {
      step,
      optimizer,
      batchSize,
      totalSteps: 10,
      seed: 5,
      loader: this.loader,
      placement: { device, threads: 1 },
      ...(isResident ? { resident: residentData(this.data) } : {}),
    };
    this.steps = new FusedSteps(this.plan);
    this.first = initialState(step.pack.initialValues(1));
  }

  dispose(): void {
    this.steps.dispose();
    this.loader.dispose();
  }
}

/** Gives examples of which those behind the first step of a call cannot be had, in place of a device that fails in the middle of one. */
class BreakableLoader extends BatchLoader {
  isUnplugged = false;

  override async take(position: number, count: number): Promise<ExampleArrays> {
    const arrays = await super.take(position, count);
    if (!this.isUnplugged) return arrays;
    return { ...arrays, images: new Unplugged(arrays['images'] as Uint8Array) };
  }
}

class Unplugged extends Uint8Array {
  override subarray(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    if (start !== undefined && start > 0) throw new Error('unplugged');
    return new Uint8Array(this.buffer as ArrayBuffer, 0, end);
  }
}

/** Examples by a formula. */
function madeSet(facts: DataFacts): DataSet {
  const most = { images: 256, labels: 4, tokens: 256 } as Readonly<Record<string, number>>;
  const made = Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => {
    const size = shape.reduce((product, each) => product * each, 1);
    const numberAt = (example: number, i: number) =>
      name === 'weights' ? 1 : (example * 37 + i * 11 + ((i * i) % 7)) % most[name]!;
    return { name, dtype, size, numberAt };
  });
  return {
    name: 'train',
    path: '',
    facts,
    sha256: '',
    gather(indices) {
      const arrays = made.map(({ name, dtype, size, numberAt }) => {
        const values = Array.from({ length: indices.length * size }, (_, i) =>
          numberAt(indices[Math.floor(i / size)]! % facts.examples, i % size),
        );
        return [name, arrayOf(dtype, values)];
      });
      return Object.fromEntries(arrays);
    },
    dispose() {},
  };
}

function arrayOf(dtype: 'uint8' | 'int32' | 'int64' | 'float32', values: readonly number[]) {
  if (dtype === 'uint8') return Uint8Array.from(values);
  if (dtype === 'int32') return Int32Array.from(values);
  return dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
}

/** What ONNX Runtime says of the nodes that ran meanwhile, in files of the prefix that is given. */
export async function traced<T>(
  work: (prefix: string) => Promise<T>,
): Promise<{ readonly result: T; readonly trace: Trace }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-webgpu-'));
  try {
    const result = await work(path.join(folder, 'trace'));
    const [file] = readdirSync(folder);
    return { result, trace: readTrace(readFileSync(path.join(folder, file!), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
