import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import {
  decodeModel,
  encodeModel,
  Graph,
  grad,
  matmul,
  mul,
  reduceSum,
  relu,
  scanModel,
  swapLast,
  type Value,
} from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

const written = { writtenTransposes: true };

/** Two dense layers and the gradients of their weights, of which each has a transposed left factor. */
function layers(graph: Graph, rows: number, [inputs, hidden, outputs]: readonly [number, number, number]) {
  const x = graph.input('x', [rows, inputs]);
  const [first, second] = [graph.input('first', [inputs, hidden]), graph.input('second', [hidden, outputs])];
  const y = matmul(relu(matmul(x, first)), second);
  const loss = reduceSum(mul(y, y), undefined, false);
  const [dFirst, dSecond] = grad(loss, [first, second]) as [Value, Value];
  return { loss, dFirst, dSecond };
}

test('gradients of weights are the same, whatever the sizes', async () => {
  const size = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(size, fc.tuple(size, size, size), async (rows, sizes) => {
      const [inputs, hidden, outputs] = sizes;
      const numbers = (shape: readonly [number, number], seed: number) => ({
        shape,
        values: Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(seed + i)),
      });
      const feeds = {
        x: numbers([rows, inputs], 1),
        first: numbers([inputs, hidden], 2),
        second: numbers([hidden, outputs], 3),
      };
      const [plain, turned] = await Promise.all(
        [{}, written].map(async (form) => {
          const graph = new Graph();
          return (await loadModel(encodeModel(graph, layers(graph, rows, sizes), form))).run(feeds);
        }),
      );
      for (const [name, { shape, values }] of Object.entries(plain!)) {
        assert.deepEqual(turned![name]!.shape, shape);
        const most = Math.max(...values.map(Math.abs));
        for (const [i, value] of values.entries()) {
          assert.ok(Math.abs(turned![name]!.values[i]! - value) <= 1e-5 * most, `${name} ${i}`);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('a factor that several products share is turned once, and one on the right stays to be folded', () => {
  const graph = new Graph();
  const [x, a, b] = [graph.input('x', [8, 3]), graph.input('a', [8, 4]), graph.input('b', [5, 4])];
  const turned = swapLast(x);
  const outputs = { first: matmul(turned, a), second: matmul(turned, mul(a, 2)), right: matmul(a, swapLast(b)) };
  const { nodes } = decodeModel(encodeModel(graph, outputs, written)).graph;
  const axes = nodes.flatMap(({ type, attributes: { perm } }) =>
    type === 'Transpose' && perm?.kind === 'ints' ? [perm.value.join()] : [],
  );
  assert.deepEqual(axes.sort(), ['1,0', '2,0,1']);
});

test('ONNX Runtime does not fold what was written out, within the body of a loop too', async () => {
  const operators = await Promise.all([{}, written].map(optimizedOperators));
  assert.deepEqual(operators[0]!.get('FusedMatMul'), 3);
  assert.equal(operators[0]!.get('Transpose'), undefined);
  // What is left has its right factor transposed: the gradient along the hidden layer.
  assert.deepEqual(operators[1]!.get('FusedMatMul'), 1);
  assert.equal(operators[1]!.get('Transpose'), 2);
});

/** How often each operator stands in the body of a loop as ONNX Runtime has optimized it. */
async function optimizedOperators(form: typeof written | Record<string, never>): Promise<Map<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-transposes-'));
  try {
    const graph = new Graph();
    const { loss, dFirst, dSecond } = layers(graph, 16, [5, 7, 6]);
    const step = {
      graph,
      state: [],
      sequence: [{ name: 'x', input: graph.inputs[0]! }],
      constants: graph.inputs.slice(1).map((input, i) => ({ name: `weight${i}`, input })),
      perStep: { loss, dFirst, dSecond },
    };
    const place = path.join(folder, 'optimized.onnx');
    const options = { graphOptimizationLevel: 'all', optimizedModelFilePath: place, logSeverityLevel: 4 } as const;
    await (await ort.InferenceSession.create(scanModel(step, 2, form), options)).release();
    const { body } = decodeModel(readFileSync(place)).graph.nodes.find(({ type }) => type === 'Scan')!.attributes;
    const counts = new Map<string, number>();
    assert.equal(body?.kind, 'graph');
    if (body?.kind === 'graph') for (const { type } of body.value.nodes) counts.set(type, (counts.get(type) ?? 0) + 1);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
