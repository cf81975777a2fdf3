// Our side: the same fused step that the trainer runs, without averaged weights, which the peer does not keep either.

import type { DeviceName } from '../../../src/domain/device.ts';
import {
  Graph,
  mul,
  nextName,
  ParameterPack,
  type ParameterSlot,
  type ScanStep,
  scanModel,
  seededRandom,
  singleStepModel,
  unreshaped,
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
import { updatePlace } from '../../../src/trainer/engine/stepFor.ts';
import { stateInputs } from '../../../src/trainer/engine/stepForms.ts';
import { gradientName, partName, type StateKey } from '../../../src/trainer/engine/stepNames.ts';
import type { StepNumbers } from '../../../src/trainer/engine/stepNumbers.ts';
import { UpdateMemory } from '../../../src/trainer/engine/updateMemory.ts';
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

/** Our steps of a subject, some in one turn, each from where the one before ended. */
export interface OurSteps {
  /** One turn: the loss of each step. */
  run(): Promise<Float32Array>;
  /** Milliseconds per step that updates by the kernel took so far; 0 where they are nodes of the model. */
  readonly updateTime: number;
  endTrace(): void;
  dispose(): void;
}

/** As a run has them on the device. With `tracePrefix`, ONNX Runtime writes a trace up to `endTrace`. */
export async function createOurSteps(
  prepared: Prepared,
  steps: number,
  threads: number,
  tracePrefix?: string,
  device: DeviceName = 'cpu',
  precision: PrecisionName = 'fp32',
): Promise<OurSteps> {
  const start = (model: Uint8Array) => ModelSession.create(model, { device, threads }, tracePrefix);
  if (updatePlace(device, optimizer, prepared.specs, stepNumbersOf(precision, device)) === 'kernel') {
    const step = gradientStep(prepared);
    const session = await start(singleStepModel(step, { ...modelOptions.cpu, hasNoResults: true }));
    return new KernelSteps(session, prepared, step, steps);
  }
  return new FusedSteps(await start(stepModel(prepared, steps, device, precision)), prepared, steps, device);
}

/** Steps whose updates our kernel makes. */
class KernelSteps implements OurSteps {
  #updates = 0;
  readonly #session: ModelSession;
  readonly #steps: number;
  readonly #memory: UpdateMemory;
  readonly #inputs: Record<string, TensorInput>;
  readonly #gradients: Record<string, TensorInput>;
  #step = 0;

  constructor(session: ModelSession, prepared: Prepared, { perStep }: ScanStep, steps: number) {
    const parts = partsOfSubject(prepared, 'cpu');
    this.#session = session;
    this.#steps = steps;
    this.#memory = new UpdateMemory(parts, false);
    for (const [i, part] of parts.entries()) {
      this.#memory.vector(0, 'parameters', i).set(takePart(prepared.parameters, part));
    }
    const views = parts.map(({ size }, i) => {
      return [partName('parameters', i), { data: this.#memory.vector(0, 'parameters', i), shape: [size] }] as const;
    });
    this.#inputs = { ...prepared.batch, ...Object.fromEntries(views) };
    const places = parts.map((_, i) => {
      return [gradientName(i), { data: this.#memory.gradient(i), shape: perStep[gradientName(i)]!.shape }] as const;
    });
    this.#gradients = Object.fromEntries(places);
  }

  get updateTime(): number {
    return this.#step === 0 ? 0 : this.#updates / this.#step;
  }

  async run(): Promise<Float32Array> {
    const losses = new Float32Array(this.#steps);
    for (let i = 0; i < this.#steps; i++) {
      const loss = { data: losses.subarray(i, i + 1), shape: [] };
      await this.#session.runInto(this.#inputs, { ...this.#gradients, loss });
      const computed = performance.now();
      this.#memory.update(0, 0, [{ settings: optimizer, schedule: scheduleAt(optimizer, this.#step + i, 1e9) }], 1);
      this.#updates += performance.now() - computed;
    }
    this.#step += this.#steps;
    return losses;
  }

  endTrace(): void {
    this.#session.endTrace();
  }

  dispose(): void {
    this.#session.dispose();
  }
}

/** Steps in a loop of the model, with the state between calls in arrays. */
class FusedSteps implements OurSteps {
  readonly updateTime = 0;
  readonly #session: ModelSession;
  readonly #prepared: Prepared;
  readonly #fused: number;
  #state: Record<string, Float32Array>;
  #step = 0;

  constructor(session: ModelSession, prepared: Prepared, fused: number, device: DeviceName) {
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

/** The gradients of one step on the CPU, and its loss. */
export function gradientStep(prepared: Prepared): ScanStep {
  const { subject } = prepared;
  const graph = new Graph();
  const parameters = new PartedParameters(graph, partsOfSubject(prepared, 'cpu'), (i) => partName('parameters', i));
  const scope = readingScope(graph, (name) => parameters.get(name));
  const inputs = declareInputs(scope, subject);
  const loss = subject.loss(scope, inputs);
  const gradients = parameters.gradients(loss).map((gradient, i) => [gradientName(i), unreshaped(gradient)] as const);
  const flat = parameters.flat.map((input, i) => ({ name: partName('parameters', i), input }));
  const constants = [...Object.entries(inputs).map(([name, input]) => ({ name, input })), ...flat];
  return { graph, state: [], sequence: [], constants, perStep: { loss, ...Object.fromEntries(gradients) } };
}

function stepNumbersOf(precision: PrecisionName, device: DeviceName): StepNumbers {
  return stepNumbers({ precision, accumulate: 1, deterministic: false }, device);
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
  const numbers = stepNumbersOf(precision, device);
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
