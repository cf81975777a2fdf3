import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  type DType,
  encodeModel,
  Graph,
  grad,
  jvp,
  mul,
  reduceSum,
  type Shape,
  seededRandom,
  sizeOf,
  type Value,
} from '../../../src/graph/index.ts';
import { type LoadedModel, loadModel } from './runtime.ts';

/** A function whose derivatives are compared with differences of its values. */
export interface GradientCase {
  readonly shapes: readonly Shape[];
  readonly build: (xs: readonly Value[], graph: Graph) => Value;
  /** float64 unless ONNX Runtime has no such kernel; then the step and tolerance suit float32. */
  readonly dtype?: DType;
  /** Turns standard normal numbers into inputs, for instance away from a kink. */
  readonly inputs?: (normal: number, index: number, input: number) => number;
  /** Float32 only: the function is at most quadratic, so that central differences are exact for any step. */
  readonly quadratic?: boolean;
  readonly tolerance?: number;
}

/** Declares a test that checks all derivatives of a case. */
export function gradientTest(name: string, problem: GradientCase): void {
  test(name, () => checkGradients(problem));
}

/**
 * Checks, for L = Σ c·y + ½ Σ d·y² with random c and d:
 * reverse mode against central differences of L in every coordinate; forward mode against the reverse one along a random direction,
 * with all inputs seeded at once and one by one; reverse over forward against central differences of the tangent; and that asking for
 * one gradient alone gives what asking for all gives.
 */
export async function checkGradients(problem: GradientCase): Promise<void> {
  const dtype = problem.dtype ?? 'float64';
  const random = seededRandom(7);
  const { outputs, graph, xs } = buildAll(problem, dtype);
  const model = await loadModel(encodeModel(graph, outputs));
  const point = xs.map((x, input) =>
    Array.from({ length: sizeOf(x.shape) }, (_, i) => {
      const normal = random.normal();
      return problem.inputs === undefined ? normal : problem.inputs(normal, i, input);
    }),
  );
  const direction = xs.map((x) => Array.from({ length: sizeOf(x.shape) }, () => random.normal()));
  const evaluate = (at: readonly (readonly number[])[]) => run(model, problem.shapes, at, direction);
  const here = await evaluate(point);

  const expected = await differences(evaluate, point, stepOf(problem, dtype));
  const tolerance = problem.tolerance ?? (dtype === 'float64' ? 1e-6 : 2e-3);
  // ONNX Runtime folds constant factors into FusedMatMul's float32 attribute "alpha", also for float64 products.
  const exact = dtype === 'float64' ? 1e-7 : 1e-4;
  let along = 0;
  xs.forEach((_, i) => {
    assertClose(`gradient of input ${i}`, here[`g${i}`]!, expected.loss[i]!, tolerance);
    assertClose(`gradient of input ${i} alone`, here[`only${i}`]!, here[`g${i}`]!, exact);
    assertClose(`second derivative along input ${i}`, here[`h${i}`]!, expected.tangent[i]!, tolerance);
    along += here[`g${i}`]!.reduce((sum, value, k) => sum + value * direction[i]![k]!, 0);
  });
  const scale = 1 + Math.abs(along);
  assert.ok(Math.abs(here['tangent']![0]! - along) / scale < exact, `forward ${here['tangent']![0]} reverse ${along}`);
  const parts = here['parts']![0]!;
  assert.ok(Math.abs(parts - along) / scale < exact, `one by one ${parts} together ${along}`);
}

/** The largest error relative to the largest expected entry (at least 1) must stay below the tolerance. */
export function assertClose(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  assert.equal(actual.length, expected.length, `${what}: number of entries`);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / scale;
    assert.ok(error <= tolerance, `${what}: entry ${i} is ${actual[i]}, expected ${expected[i]} (error ${error})`);
  }
}

function buildAll(problem: GradientCase, dtype: DType) {
  const graph = new Graph();
  const xs = problem.shapes.map((shape, i) => graph.input(`x${i}`, shape, dtype));
  const seeds = problem.shapes.map((shape, i) => graph.input(`d${i}`, shape, dtype));
  const y = problem.build(xs, graph);
  const random = seededRandom(3);
  const weights = () =>
    graph.constant(
      Array.from({ length: sizeOf(y.shape) }, () => random.normal()),
      y.shape,
      dtype,
    );
  const [linear, square] = [mul(y, weights()), mul(mul(mul(y, y), 0.5), weights())];
  const loss = reduceSum(add(linear, square), undefined, false);
  const gradients = grad(loss, xs);
  const [tangent] = jvp([loss], new Map(xs.map((x, i) => [x, seeds[i]!])));
  assert.ok(tangent, 'the loss depends on the inputs');
  const parts = xs.flatMap((x, i) => jvp([loss], new Map([[x, seeds[i]!]]))[0] ?? []);
  const outputs: Record<string, Value> = { loss, tangent, parts: parts.reduce((a, b) => add(a, b)) };
  const second = grad(tangent, xs);
  xs.forEach((x, i) => {
    outputs[`g${i}`] = gradients[i]!;
    outputs[`only${i}`] = grad(loss, [x])[0]!;
    outputs[`h${i}`] = second[i]!;
    assert.deepEqual(gradients[i]!.shape, x.shape);
    assert.deepEqual(second[i]!.shape, x.shape);
  });
  return { graph, xs, outputs };
}

type Point = readonly (readonly number[])[];
type Evaluate = (at: Point) => Promise<Record<string, Float64Array>>;

async function run(model: LoadedModel, shapes: readonly Shape[], at: Point, direction: Point) {
  const feeds = Object.fromEntries(
    shapes.flatMap((shape, i) => [
      [`x${i}`, { shape, values: at[i]! }],
      [`d${i}`, { shape, values: direction[i]! }],
    ]),
  );
  const results = await model.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.values]));
}

/** Central differences of the loss and of the tangent in every coordinate; of fourth order where the arithmetic is float32. */
async function differences(evaluate: Evaluate, point: Point, step: { size: number; fourth: boolean }) {
  const loss: number[][] = [];
  const tangent: number[][] = [];
  for (let input = 0; input < point.length; input++) {
    loss.push([]);
    tangent.push([]);
    for (let i = 0; i < point[input]!.length; i++) {
      const at = async (shift: number) => {
        const moved = point.map((values, k) => (k === input ? values.with(i, values[i]! + shift) : values));
        const result = await evaluate(moved);
        return [result['loss']![0]!, result['tangent']![0]!] as const;
      };
      const slope = await slopeOf(at, step);
      loss[input]!.push(slope[0]);
      tangent[input]!.push(slope[1]);
    }
  }
  return { loss, tangent };
}

type Pair = readonly [number, number];

async function slopeOf(at: (shift: number) => Promise<Pair>, { size, fourth }: { size: number; fourth: boolean }) {
  const central = async (h: number): Promise<Pair> => {
    const [up, down] = [await at(h), await at(-h)];
    return [(up[0] - down[0]) / (2 * h), (up[1] - down[1]) / (2 * h)];
  };
  const near = await central(size);
  if (!fourth) return near;
  // Richardson: the error of second order cancels between the steps h and 2h.
  const far = await central(2 * size);
  return [(4 * near[0] - far[0]) / 3, (4 * near[1] - far[1]) / 3] as Pair;
}

function stepOf(problem: GradientCase, dtype: DType) {
  if (dtype === 'float64') return { size: 1e-5, fourth: false };
  return problem.quadratic === true ? { size: 0.5, fourth: false } : { size: 0.03, fourth: true };
}
