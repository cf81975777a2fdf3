import '../devices/cuda/binding.ts';
import * as ort from 'onnxruntime-node';
import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { DeviceName } from '../../domain/device.ts';
import { decodeModel, nodesWithPlaces, noResult, sizeOf } from '../../graph/index.ts';
import { executionProviders } from '../devices/providers.ts';
import { DeviceTensor } from './deviceTensor.ts';
import { optimizersToLeaveOut } from './graphOptimizers.ts';
import { ModelCache } from './modelCache.ts';

/** Where and with how many threads a model runs. */
export interface Placement {
  readonly device: DeviceName;
  readonly threads: number;
}

/** The arrays that go in and come out of a model, by the type of the tensor. */
export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array;

export interface TensorInput {
  readonly data: TensorData;
  readonly shape: readonly number[];
}

/** What a run is fed: arrays, or what an earlier run left on the same device. */
export type ModelInput = TensorInput | DeviceTensor;

/** What is to be known of a model beside its bytes. */
export interface ModelDetails {
  /** Outputs that stay on the device; see `ModelSession.runHeld`. */
  readonly held?: readonly string[];
  /** How many of its bytes are a data set rather than a graph. */
  readonly dataBytes?: number;
}

/**
 * A model that is loaded on a device. `run` occupies the thread until it is done: ONNX Runtime's binding for Node computes inside
 * the event loop.
 */
export class ModelSession implements Disposable {
  readonly #session: ort.InferenceSession;

  /** Names of the inputs with the types that the model declares. */
  readonly #inputs: readonly { readonly name: string; readonly type: string }[];

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
    this.#inputs = session.inputMetadata.map((each) => ({ name: each.name, type: each.isTensor ? each.type : '' }));
  }

  /** Loads the bytes of a model. With `tracePrefix`, ONNX Runtime writes a trace of all runs to a file of this prefix, up to `endTrace`. */
  static async create(
    bytes: Uint8Array,
    placement: Placement,
    tracePrefix?: string,
    { held = [], dataBytes = 0 }: ModelDetails = {},
  ): Promise<ModelSession> {
    const trace = tracePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: tracePrefix };
    const places = Object.fromEntries(held.map((name) => [name, 'gpu-buffer'] as const));
    const options = {
      ...sessionOptions(bytes.byteLength - dataBytes, placement),
      ...trace,
      ...(placement.device === 'webgpu' ? { executionProviders: [webgpuFor(bytes)] } : {}),
      ...(held.length === 0 ? {} : { preferredOutputLocation: places }),
    };
    try {
      return new ModelSession(await createSession(bytes, options));
    } catch (error) {
      throw memoryError(error) ?? error;
    }
  }

  /** Sizes of an input, or undefined where the model has none of that name. Sizes without a number are given as -1. */
  inputShape(name: string): readonly number[] | undefined {
    const found = this.#session.inputMetadata.find((each) => each.name === name);
    if (found === undefined || !found.isTensor) return undefined;
    return found.shape.map((size) => (typeof size === 'number' ? size : -1));
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /** Runs the model once. Inputs that it does not have are left out, and int64 becomes int32 where the model has that; outputs are the caller's to keep. */
  async run(inputs: Readonly<Record<string, ModelInput>>): Promise<Readonly<Record<string, TensorData>>> {
    const results = await this.#run(inputs);
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as TensorData]));
  }

  /** Runs a model that has no results (`withoutResults`): all of its outputs are written to the arrays in `into`. */
  async runInto(
    inputs: Readonly<Record<string, ModelInput>>,
    into: Readonly<Record<string, TensorInput>>,
  ): Promise<void> {
    const places = Object.entries(into).map(([name, place]) => [name, toTensor(name, place, '')] as const);
    await this.#run(inputs, { [noResult]: null, ...Object.fromEntries(places) }).catch((error: unknown) => {
      if (!isRefusedResult(error)) throw error;
    });
  }

  /** Runs a model all of whose outputs stay on the device. They are the caller's to dispose. */
  async runHeld(inputs: Readonly<Record<string, ModelInput>>): Promise<ReadonlyMap<string, DeviceTensor>> {
    const results = await this.#run(inputs);
    return new Map(Object.entries(results).map(([name, tensor]) => [name, new DeviceTensor(tensor)]));
  }

  async #run(
    inputs: Readonly<Record<string, ModelInput>>,
    outputs?: ort.InferenceSession.NullableOnnxValueMapType,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, type } of this.#inputs) {
      const input = inputs[name];
      if (input !== undefined) feeds[name] = toTensor(name, input, type);
    }
    const running = outputs === undefined ? this.#session.run(feeds) : this.#session.run(feeds, outputs);
    return await running.catch((error: unknown) => {
      throw memoryError(error) ?? error;
    });
  }

  /** Closes the trace file. */
  endTrace(): void {
    this.#session.endProfiling();
  }

  dispose(): void {
    // The binding frees the session's memory in a promise that nobody has to wait for.
    void this.#session.release();
  }
}

/** Takes the optimized form of a model for the CPU from the cache, or puts it there. Other devices optimize in forms that cannot be written. */
async function createSession(
  bytes: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  const { executionProviders: providers, graphOptimizationLevel: level, extra } = options;
  const cache = providers?.every((provider) => provider === 'cpu') ? ModelCache.for(bytes.byteLength) : undefined;
  if (cache === undefined) return ort.InferenceSession.create(bytes, options);
  const key = ModelCache.keyOf(bytes, runtimeVersion, String(level), JSON.stringify(extra ?? {}));
  const kept = cache.read(key);
  if (kept !== undefined) {
    try {
      return await ort.InferenceSession.create(kept, { ...options, graphOptimizationLevel: 'disabled' });
    } catch {
      cache.forget(key);
    }
  }
  const place = cache.place(key);
  if (place === undefined) return ort.InferenceSession.create(bytes, options);
  try {
    const made = await ort.InferenceSession.create(bytes, { ...options, optimizedModelFilePath: place });
    cache.keep(key, place);
    return made;
  } catch {
    // The disk may be full; whatever else it is will be said again.
    return ort.InferenceSession.create(bytes, options);
  }
}

/** What the binding says when it is to hand a sequence over, behind a run that went well (`OrtValueToNapiValue`, js/node/src/tensor_helper.cc). */
function isRefusedResult(error: unknown): boolean {
  return error instanceof Error && /^non tensor type is/i.test(error.message);
}

/** What ONNX Runtime throws where memory ends, on the CPU and on CUDA, as an AppError; undefined for anything else. */
function memoryError(error: unknown): AppError | undefined {
  const message = error instanceof Error ? error.message : String(error);
  if (!/bad_alloc|failed to allocate memory|out of memory|bad allocation/i.test(message)) return undefined;
  return new AppError('out-of-memory', 'The memory is not enough for this model and batch.', {
    hint: 'Lower batchSize or the size of the network, or stop what else uses the device.',
    cause: error,
  });
}

/**
 * A model of more bytes than this is optimized less: the time for that grows faster than the graph, and 4 MB are some 20 000 nodes.
 * Below it, the full optimizations pay: they fold the transposes of the backward pass into its products.
 */
const largeModelBytes = 4_000_000;

function sessionOptions(graphBytes: number, { device, threads }: Placement): ort.InferenceSession.SessionOptions {
  const leftOut = optimizersToLeaveOut(device, graphBytes);
  return {
    executionProviders: executionProviders[device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The pattern of a first call is laid out as one more block beside the memory that this call took, which stays: half as much again for nothing.
    enableMemPattern: device !== 'cpu',
    graphOptimizationLevel: graphBytes > largeModelBytes ? 'basic' : 'all',
    // Warnings about single nodes that stay on the CPU are of no use to the person who trains.
    logSeverityLevel: 3,
    ...(leftOut.length === 0 ? {} : { extra: { optimization: { disable_specified_optimizers: leftOut.join(';') } } }),
  };
}

/** WebGPU's provider with what it takes and then refuses to compute. */
function webgpuFor(bytes: Uint8Array): ort.InferenceSession.ExecutionProviderConfig {
  const names = nodesWithPlaces(decodeModel(bytes).graph);
  return names.length === 0 ? 'webgpu' : { name: 'webgpu', forceCpuNodeNames: names };
}

/** Labels that are int64 for all devices are int32 in models of devices that have nothing else. */
function toTensor(name: string, input: ModelInput, type: string): ort.Tensor {
  if (input instanceof DeviceTensor) return input.tensor;
  const { data, shape } = input;
  if (data.length !== sizeOf(shape)) {
    throw new Error(
      `The input ${name} has ${data.length} values, its shape ${shape.join(' x ')} needs ${sizeOf(shape)}.`,
    );
  }
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, [...shape]);
  if (data instanceof BigInt64Array && type === 'int32') {
    return new ort.Tensor('int32', Int32Array.from(data, Number), [...shape]);
  }
  if (data instanceof BigInt64Array) return new ort.Tensor('int64', data, [...shape]);
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, [...shape]);
  return new ort.Tensor('uint8', data, [...shape]);
}

/** Version of onnxruntime-node, which is also that of the library in it. */
export const runtimeVersion: string = ort.env.versions.node ?? ort.env.versions.common;
