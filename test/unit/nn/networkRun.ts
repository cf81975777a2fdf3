import { encodeModel, Graph, ParameterPack, type Value } from '../../../src/graph/index.ts';
import { collectParameters, readingScope, type Scope } from '../../../src/nn/scope.ts';
import { loadModel, type Numbers } from '../graph/runtime.ts';

/** A network with its starting values, run once in ONNX Runtime. */
export interface NetworkRun {
  readonly parameters: number;
  readonly outputs: Record<string, { shape: readonly number[]; values: Float64Array }>;
}

/**
 * Builds a network of layers, fills its parameters and runs it. Starting values are moved by normal numbers of standard deviation
 * `disturb`, so that what starts at zero takes part.
 */
export async function runNetwork(
  build: (scope: Scope, graph: Graph) => Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Numbers>>,
  { seed = 1, disturb = 0 } = {},
): Promise<NetworkRun> {
  const graph = new Graph();
  const pack = new ParameterPack(graph, 'parameters');
  for (const { name, shape, initializer } of collectParameters((scope) => build(scope, scope.graph as Graph))) {
    pack.declare(name, shape, initializer);
  }
  const outputs = build(
    readingScope(graph, (name) => pack.get(name)),
    graph,
  );
  const values = pack.size === 0 ? new Float32Array() : pack.initialValues(seed);
  const noise = normals(values.length, 5);
  const model = await loadModel(
    encodeModel(graph, outputs, pack.size === 0 ? {} : { inputs: graphInputs(graph, pack) }),
  );
  const parameters = { shape: [pack.size], values: values.map((value, i) => value + disturb * noise[i]!) };
  return { parameters: pack.size, outputs: await model.run({ ...feeds, parameters }) };
}

/** Standard normal numbers from a seed, by sums of twelve uniform ones: good enough to move a test about. */
export function normals(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float64Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  });
}

function graphInputs(graph: Graph, pack: ParameterPack): readonly Value[] {
  return graph.inputs.includes(pack.flat) ? graph.inputs : [...graph.inputs, pack.flat];
}
