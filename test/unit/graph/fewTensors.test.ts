import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  concat,
  decodeModel,
  encodeModel,
  Graph,
  mul,
  type OnnxGraph,
  scanModel,
  split,
} from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

/** Cuts a vector into parts, changes each, and joins them again. */
function cutAndJoin(sizes: readonly number[]) {
  const graph = new Graph();
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const x = graph.input('x', [total, 2], 'float32');
  const parts = split(x, sizes, 0).map((part, i) => mul(part, i + 2));
  return { graph, x, total, y: concat(parts, 0) };
}

test('no node of a narrow model touches more tensors than allowed, and its numbers are the same', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 70 }),
    fc.integer({ min: 3, max: 9 }),
    async (sizes, most) => {
      const { graph, total, y } = cutAndJoin(sizes);
      const narrow = encodeModel(graph, { y }, { mostTensorsPerNode: most });
      for (const node of decodeModel(narrow).graph.nodes.filter(({ type }) => type === 'Concat' || type === 'Split')) {
        assert.ok(Math.max(node.inputs.length, node.outputs.length) < most, `${node.type} ${node.inputs.length}`);
      }
      const feeds = { x: { shape: [total, 2], values: Array.from({ length: 2 * total }, (_, i) => i) } };
      const [plain, limited] = await Promise.all([encodeModel(graph, { y }), narrow].map((bytes) => loadModel(bytes)));
      assert.deepEqual((await limited!.run(feeds))['y'], (await plain!.run(feeds))['y']);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('the body of a scan is narrow too', async () => {
  const { graph, x, total, y } = cutAndJoin(Array.from({ length: 40 }, () => 1));
  const tick = graph.input('tick', [], 'float32');
  const next = add(mul(y, 0.1), tick);
  const step = {
    graph,
    state: [{ name: 'x', input: x, next }],
    sequence: [{ name: 'tick', input: tick }],
    perStep: {},
  };
  const narrow = scanModel(step, 3, { mostTensorsPerNode: 8 });
  const body = decodeModel(narrow).graph.nodes[0]!.attributes['body']!;
  assert.ok(body.kind === 'graph');
  assert.equal(widest(body.value), 7);
  const feeds = {
    x: { shape: [total, 2], values: Array.from({ length: 2 * total }, (_, i) => i) },
    tick: { shape: [3], values: [1, 2, 3] },
  };
  const [plain, limited] = await Promise.all([scanModel(step, 3), narrow].map((bytes) => loadModel(bytes)));
  assert.deepEqual((await limited!.run(feeds))['x_next'], (await plain!.run(feeds))['x_next']);
});

function widest({ nodes }: OnnxGraph): number {
  return Math.max(...nodes.filter(({ type }) => type === 'Concat').map(({ inputs }) => inputs.length));
}
