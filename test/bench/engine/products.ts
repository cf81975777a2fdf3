// The matrix products of a training step without anything else: what no step of these networks can be faster than.
import {
  add,
  Graph,
  matmul,
  narrow,
  reshape,
  scanModel,
  seededRandom,
  swapLast,
  type Value,
} from '../../../src/graph/index.ts';
import { ModelSession, type TensorInput } from '../../../src/trainer/engine/session.ts';

/** One dense layer: x [rows, inputs] times w [inputs, outputs]. */
export interface DenseLayer {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** False for a first layer, whose input needs no gradient. */
  readonly inner: boolean;
}

/** Dense layers of a network whose step is timed too. */
export interface ProductSet {
  readonly subject: string;
  readonly title: string;
  readonly layers: readonly DenseLayer[];
  /** How many times the layers stand in the network. */
  readonly times: number;
  readonly turn: number;
}

const tokens = 1024;

export const productSets: readonly ProductSet[] = [
  {
    subject: 'mlp',
    title: 'Only the matrix products of the MLP',
    layers: [
      { rows: 128, inputs: 784, outputs: 512, inner: false },
      { rows: 128, inputs: 512, outputs: 512, inner: true },
      { rows: 128, inputs: 512, outputs: 10, inner: true },
    ],
    times: 1,
    turn: 20,
  },
  {
    subject: 'dit',
    title: 'Only the products with weights of the 4 layers of the DiT',
    layers: [
      { rows: tokens, inputs: 128, outputs: 384, inner: true },
      { rows: tokens, inputs: 128, outputs: 128, inner: true },
      { rows: tokens, inputs: 128, outputs: 512, inner: true },
      { rows: tokens, inputs: 512, outputs: 128, inner: true },
    ],
    times: 4,
    turn: 5,
  },
];

/** Floating-point operations of one step: two per multiplication, in two or three products per layer. */
export function operationsOf({ layers, times }: ProductSet): number {
  const each = layers.map(({ rows, inputs, outputs, inner }) => (inner ? 3 : 2) * 2 * rows * inputs * outputs);
  return times * each.reduce((total, count) => total + count, 0);
}

/** Runs the products of a step by ONNX Runtime: y = x·w, dw = xᵀ·dy and dx = dy·wᵀ for each layer. */
export class OurProducts {
  readonly #session: ModelSession;
  readonly #inputs: Readonly<Record<string, TensorInput>>;

  private constructor(session: ModelSession, inputs: Readonly<Record<string, TensorInput>>) {
    this.#session = session;
    this.#inputs = inputs;
  }

  static async create(set: ProductSet, threads: number): Promise<OurProducts> {
    const graph = new Graph();
    const layers = set.layers.map((layer, i) => declareLayer(graph, layer, i));
    const products = set.layers.flatMap((layer, i) => productsOf(layer, layers[i]!));
    const model = scanModel(
      {
        graph,
        state: [],
        sequence: [],
        constants: graph.inputs.map((input, i) => ({ name: `matrix${i}`, input })),
        perStep: { sum: products.map(firstEntry).reduce((total, entry) => add(total, entry)) },
      },
      set.turn * set.times,
    );
    const random = seededRandom(3);
    const inputs = graph.inputs.map(({ shape }, i) => {
      const data = Float32Array.from({ length: shape[0]! * shape[1]! }, () => random.normal());
      return [`matrix${i}`, { data, shape }] as const;
    });
    return new OurProducts(await ModelSession.create(model, { device: 'cpu', threads }), Object.fromEntries(inputs));
  }

  /** One turn. */
  async run(): Promise<void> {
    await this.#session.run(this.#inputs);
  }

  dispose(): void {
    this.#session.dispose();
  }
}

interface Matrices {
  readonly x: Value;
  readonly w: Value;
  readonly dy: Value;
}

function declareLayer(graph: Graph, { rows, inputs, outputs }: DenseLayer, index: number): Matrices {
  return {
    x: graph.input(`x${index}`, [rows, inputs]),
    w: graph.input(`w${index}`, [inputs, outputs]),
    dy: graph.input(`dy${index}`, [rows, outputs]),
  };
}

function productsOf({ inner }: DenseLayer, { x, w, dy }: Matrices): readonly Value[] {
  const forwardAndWeights = [matmul(x, w), matmul(swapLast(x), dy)];
  return inner ? [...forwardAndWeights, matmul(dy, swapLast(w))] : forwardAndWeights;
}

/** Something that needs the product and costs nothing. */
function firstEntry(product: Value): Value {
  return reshape(narrow(narrow(product, 0, 0, 1), 1, 0, 1), []);
}
