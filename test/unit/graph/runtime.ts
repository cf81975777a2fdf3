import * as ort from 'onnxruntime-node';
import {
  type DType,
  encodeModel,
  packNumbers,
  type Shape,
  unpackNumbers,
  type Value,
} from '../../../src/graph/index.ts';

/** A tensor as plain numbers. */
export interface Numbers {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** A model loaded into ONNX Runtime on one CPU thread, fed and read as plain numbers. */
export interface LoadedModel {
  readonly inputs: readonly string[];
  run(
    feeds: Readonly<Record<string, Numbers>>,
  ): Promise<Record<string, { shape: Shape; values: Float64Array; bytes: Uint8Array }>>;
}

/** Loads the bytes of a model. Feeds take the types that the model declares. */
export async function loadModel(bytes: Uint8Array): Promise<LoadedModel> {
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const types = new Map(
    session.inputMetadata.map((each) => [each.name, each.isTensor ? (each.type as DType) : 'float32']),
  );
  return {
    inputs: session.inputNames,
    run: async (feeds) => {
      const tensors: Record<string, ort.Tensor> = {};
      for (const name of session.inputNames) {
        const feed = feeds[name];
        if (feed === undefined) throw new Error(`no feed for ${name}`);
        tensors[name] = tensor(feed, types.get(name)!);
      }
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => {
          const data = result.data as unknown as Uint8Array;
          const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
          return [name, { shape: result.dims, values: unpackNumbers(bytes, result.type as DType), bytes }];
        }),
      );
    },
  };
}

/** Encodes the outputs, runs them once and gives their numbers. */
export async function evaluate(
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Numbers>> = {},
): Promise<Record<string, { shape: Shape; values: Float64Array; bytes: Uint8Array }>> {
  const graph = Object.values(outputs)[0]!.graph;
  const model = await loadModel(encodeModel(graph, outputs));
  return model.run(feeds);
}

function tensor(feed: Numbers, dtype: DType): ort.Tensor {
  const bytes = packNumbers(feed.values, dtype);
  const buffer = bytes.buffer as ArrayBuffer;
  const views: Partial<Record<DType, () => ort.Tensor.DataType>> = {
    float32: () => new Float32Array(buffer),
    float64: () => new Float64Array(buffer),
    int64: () => new BigInt64Array(buffer),
    int32: () => new Int32Array(buffer),
    float16: () => new Uint16Array(buffer),
    uint8: () => bytes,
    bool: () => bytes,
  };
  return new ort.Tensor(dtype as ort.Tensor.Type, views[dtype]!(), feed.shape);
}
