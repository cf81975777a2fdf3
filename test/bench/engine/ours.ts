// Our side: the same fused step that the trainer runs, without averaged weights, which the peer does not keep either.

import type { DeviceName } from '../../../src/domain/device.ts';
import {
  Graph,
  mul,
  nextName,
  ParameterPack,
  type ParameterSlot,
  scanModel,
  seededRandom,
  type Value,
  withHalfProducts,
} from '../../../src/graph/index.ts';
import { collectParameters, type ParameterSpec, readingScope, type Scope } from '../../../src/nn/scope.ts';
import type { OptimizerSettings, PrecisionName } from '../../../src/recipes/recipe.ts';
import { stepNumbers } from '../../../src/trainer/devices/precision.ts';
import { modelOptions, smallestPart } from '../../../src/trainer/devices/providers.ts';
import { optimizerStep, type Schedule, scheduleAt, scheduleNames } from '../../../src/trainer/engine/optimizer.ts';
import { type ParameterPart, PartedParameters, partsOf, takePart } from '../../../src/trainer/engine/parameterParts.ts';
import { ModelSession, type TensorData, type TensorInput } from '../../../src/trainer/engine/session.ts';
import { partName, type StateKey, stateInputs } from '../../../src/trainer/engine/trainStep.ts';
import type { Subject } from './subjects.ts';

export const optimizer: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  warmupSteps: 0,
  schedule: 'constant',
  finalFraction: 1,
  clipNorm: 0,
  emaDecay: 0,
};

/** A subject with its starting values and one batch, which both sides use. */
export interface Prepared {
  readonly subject: Subject;
  readonly specs: readonly ParameterSpec[];
  readonly layout: readonly ParameterSlot[];
  readonly parameters: Float32Array;
  readonly batch: Readonly<Record<string, TensorInput>>;
}

/** Draws starting values and a batch. What starts at zero gets small numbers, so that nothing is skipped by being zero. */
export function prepare(subject: Subject): Prepared {
  const specs = collectParameters((scope) => subject.loss(scope, declareInputs(scope, subject)));
  const pack = new ParameterPack(new Graph(), 'parameters');
  for (const { name, shape, initializer } of specs) pack.declare(name, shape, initializer);
  const random = seededRandom(7);
  const parameters = pack.initialValues(1).map((value) => value + 0.01 * random.normal());
  const draw = {
    normal: (count: number) => Float32Array.from({ length: count }, () => random.normal()),
    uniform: (count: number) => Float32Array.from({ length: count }, () => random.uniform()),
    class: (count: number, classes: number) =>
      BigInt64Array.from({ length: count }, () => BigInt(Math.floor(classes * random.uniform()))),
  };
  const batch = Object.fromEntries(
    subject.inputs.map(({ name, shape, kind, classes = 10 }) => {
      const data = draw[kind](product(shape), classes) as TensorData;
      return [name, { shape, data }];
    }),
  );
  return { subject, specs, layout: pack.layout, parameters, batch };
}

/** Runs fused steps and keeps the state between calls. */
export class OurSteps {
  readonly #session: ModelSession;
  readonly #prepared: Prepared;
  readonly #fused: number;
  #state: Record<string, Float32Array>;
  #step = 0;

  private constructor(session: ModelSession, prepared: Prepared, fused: number, device: DeviceName) {
    this.#session = session;
    this.#prepared = prepared;
    this.#fused = fused;
    const vectors = partsOfSubject(prepared, device).map((part, i) => [
      [partName('parameters', i), takePart(prepared.parameters, part)],
      [partName('gradientSum', i), new Float32Array(part.size)],
      [partName('squareSum', i), new Float32Array(part.size)],
    ]);
    this.#state = Object.fromEntries(vectors.flat());
  }

  /** With `tracePrefix`, ONNX Runtime writes a trace up to `endTrace`. */
  static async create(
    prepared: Prepared,
    fused: number,
    threads: number,
    tracePrefix?: string,
    device: DeviceName = 'cpu',
    precision: PrecisionName = 'fp32',
  ): Promise<OurSteps> {
    const model = stepModel(prepared, fused, device, precision);
    const session = await ModelSession.create(model, { device, threads }, tracePrefix);
    return new OurSteps(session, prepared, fused, device);
  }

  /** One call of fused steps: the loss of each. */
  async run(): Promise<Float32Array> {
    const count = this.#fused;
    const schedules = Array.from({ length: count }, (_, i) => scheduleAt(optimizer, this.#step + i, 1e9));
    const inputs: Record<string, TensorInput> = { ...this.#prepared.batch };
    for (const [name, data] of Object.entries(this.#state)) inputs[name] = { data, shape: [data.length] };
    for (const name of scheduleNames) {
      inputs[name] = { data: Float32Array.from(schedules, (each) => each[name]), shape: [count] };
    }
    const outputs = await this.#session.run(inputs);
    this.#state = Object.fromEntries(
      Object.keys(this.#state).map((name) => [name, outputs[nextName(name)] as Float32Array]),
    );
    this.#step += count;
    return outputs['loss'] as Float32Array;
  }

  endTrace(): void {
    this.#session.endTrace();
  }

  dispose(): void {
    this.#session.dispose();
  }
}

const carried: readonly StateKey[] = ['parameters', 'gradientSum', 'squareSum'];

/** By what the loss is multiplied with fp16, whose small gradients would be lost; a run finds its own factor. */
const fp16Scale = 1024;

/** Fused steps as a run's model has them on a device, without averaged weights. */
export function stepModel(
  prepared: Prepared,
  fused: number,
  device: DeviceName = 'cpu',
  precision: PrecisionName = 'fp32',
): Uint8Array {
  const { subject } = prepared;
  const graph = new Graph();
  const parts = partsOfSubject(prepared, device);
  const parameters = new PartedParameters(graph, parts, (i) => partName('parameters', i));
  const scope = readingScope(graph, (name) => parameters.get(name));
  const inputs = declareInputs(scope, subject);
  const exactLoss = subject.loss(scope, inputs);
  const states = stateInputs(parameters);
  const schedule = Object.fromEntries(scheduleNames.map((name) => [name, graph.input(name, [])])) as Schedule<Value>;
  const numbers = stepNumbers({ precision, accumulate: 1, deterministic: false }, device);
  const scale = precision === 'fp16' ? fp16Scale : 1;
  const exact = [exactLoss, ...parameters.gradients(scale === 1 ? exactLoss : mul(exactLoss, scale))];
  const made = numbers.precision === undefined ? exact : withHalfProducts(exact, numbers.precision);
  const [loss, ...gradients] = made as readonly [Value, ...Value[]];
  const updates = parts.map(({ decays }, i) => ({
    state: states[i]!,
    gradient: scale === 1 ? gradients[i]! : mul(gradients[i]!, 1 / scale),
    decays,
  }));
  const { next } = optimizerStep(optimizer, updates, schedule);
  return scanModel(
    {
      graph,
      state: states.flatMap((state, i) =>
        carried.map((key) => ({ name: partName(key, i), input: state[key], next: next[i]![key] })),
      ),
      // The averaged weights are not kept, so their gain has no use.
      sequence: scheduleNames
        .filter((name) => name !== 'averageGain')
        .map((name) => ({ name, input: schedule[name]! })),
      constants: Object.entries(inputs).map(([name, input]) => ({ name, input })),
      perStep: { loss },
    },
    fused,
    modelOptions[device],
  );
}

function partsOfSubject({ layout, specs }: Prepared, device: DeviceName): readonly ParameterPart[] {
  return partsOf(layout, specs, smallestPart[device]);
}

function declareInputs({ graph }: Scope, { inputs }: Subject): Record<string, Value> {
  return Object.fromEntries(
    inputs.map(({ name, shape, kind }) => [name, graph.input(name, shape, kind === 'class' ? 'int64' : 'float32')]),
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
