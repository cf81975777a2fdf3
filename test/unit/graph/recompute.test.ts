import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import * as ort from 'onnxruntime-node';
import {
  add,
  encodeModel,
  Graph,
  jvp,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  silu,
  standardize,
  stopGradient,
  sub,
  tracedGrad,
  type Value,
  withRecomputation,
} from '../../../src/graph/index.ts';
import { peakBytes } from '../../../src/graph/liveness.ts';

const [rows, width] = [128, 64];

interface Deep {
  readonly graph: Graph;
  readonly x: Value;
  readonly outputs: readonly Value[];
  readonly again: readonly Value[] | undefined;
}

/** Residual blocks with a norm, as many as wanted; with `tangent` a derivative along the input is part of the loss, as in MeanFlow. */
function deepNetwork(blocks: number, tangent = false): Deep {
  const graph = new Graph();
  const x = graph.input('x', [rows, width]);
  const weights = Array.from({ length: 2 * blocks }, (_, i) => graph.input(`w${i}`, [width, width]));
  let hidden = x;
  for (let i = 0; i < blocks; i++) {
    const inner = silu(matmul(standardize(hidden), weights[2 * i]!));
    hidden = add(hidden, matmul(silu(mul(inner, inner)), weights[2 * i + 1]!));
  }
  const along = tangent ? jvp([hidden], new Map([[x, mul(x, 0.5)]]))[0]! : x;
  const error = sub(hidden, stopGradient(along));
  const loss = reduceMean(mul(error, error), undefined, false);
  const metric = reduceSum(mul(along, along), undefined, false);
  const traced = tracedGrad(loss, weights);
  const outputs = [loss, metric, ...traced.gradients];
  return { graph, x, outputs, again: withRecomputation(outputs, traced, [x]) };
}

for (const tangent of [false, true]) {
  const what = tangent ? 'a network and its derivative along a path' : 'a deep network';
  test(`the gradients of ${what} are the same bit by bit, and less memory is in use`, {
    timeout: 60_000,
  }, async (t) => {
    const { graph, outputs, again } = deepNetwork(12, tangent);
    assert.ok(again !== undefined);
    const [before, after] = [peakBytes(graph, outputs), peakBytes(graph, again)];
    assert.ok(after < 0.6 * before, `estimated ${after} of ${before}`);
    const [plain, less] = [await run(t, graph, outputs), await run(t, graph, again)];
    assert.ok(less.inUse < 0.75 * plain.inUse, `ONNX Runtime had ${less.inUse} of ${plain.inUse} in use`);
    for (const [i, values] of plain.values.entries()) {
      assert.deepEqual(new Uint8Array(less.values[i]!.buffer), new Uint8Array(values.buffer), `output ${i}`);
    }
  });
}

test('what waits is not spoilt by values that are no numbers', { timeout: 60_000 }, async (t) => {
  const { graph, outputs, again } = deepNetwork(6);
  const wild = (i: number) => (i === 7 ? Number.NaN : i === 9 ? Number.POSITIVE_INFINITY : Math.sin(i));
  const [plain, less] = [await run(t, graph, outputs, wild), await run(t, graph, again!, wild)];
  for (const [i, values] of plain.values.entries()) {
    const same = values.every((value, k) => Object.is(value, less.values[i]![k]!));
    assert.ok(same, `output ${i}`);
  }
});

test('a network that keeps next to nothing stays as it is', () => {
  assert.equal(deepNetwork(1).again, undefined);
});

/** What a graph computes from fixed numbers, and the most memory that ONNX Runtime's allocator had given out, as its own trace says. */
async function run(t: TestContext, graph: Graph, outputs: readonly Value[], number: (i: number) => number = Math.sin) {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-recompute-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const named = Object.fromEntries(outputs.map((value, i) => [`out${i}`, value]));
  const session = await ort.InferenceSession.create(encodeModel(graph, named), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableMemPattern: false,
    enableProfiling: true,
    profileFilePrefix: path.join(folder, 'trace'),
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(
    graph.inputs.map(({ shape, source }, k) => {
      const name = (source as { readonly name: string }).name;
      const size = shape.reduce((a, b) => a * b, 1);
      const scale = name === 'x' ? 1 : 0.1;
      const data = Float32Array.from(
        { length: size },
        (_, i) => scale * (name === 'x' ? number(i) : Math.sin(i * (k + 1))),
      );
      return [name, new ort.Tensor('float32', data, [...shape])];
    }),
  );
  const results = await session.run(feeds);
  session.endProfiling();
  await session.release();
  const [file] = readdirSync(folder);
  const events = JSON.parse(readFileSync(path.join(folder, file!), 'utf8')) as { args?: Record<string, string> }[];
  const inUse = events.map(({ args }) => Number(args?.['mem_bytes_in_use'] ?? 0)).reduce((a, b) => Math.max(a, b), 0);
  return { inUse, values: outputs.map((_, i) => results[`out${i}`]!.data as Float32Array) };
}
