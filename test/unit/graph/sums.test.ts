import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import * as ops from '../../../src/graph/index.ts';

const [rows, width, count] = [16, 64, 20_000];

function sumOfRows() {
  const graph = new ops.Graph();
  const [places, updates] = [graph.input('places', [count, 1], 'int64'), graph.input('updates', [count, width])];
  const y = ops.scatterNdAdd(ops.expand(graph.scalar(1), [rows, width]), places, updates);
  return { graph, y };
}

test('many updates of few rows are added without loss by many threads, the same in every run', async () => {
  const { graph, y } = sumOfRows();
  const options = { intraOpNumThreads: 4, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await ort.InferenceSession.create(ops.encodeModel(graph, { y }), options);
  const places = BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 7919) % rows));
  const updates = Float32Array.from({ length: count * width }, (_, i) => Math.fround(Math.sin(i)));
  const expected = new Float64Array(rows * width).fill(1);
  for (let i = 0; i < updates.length; i++) {
    expected[Number(places[Math.floor(i / width)]) * width + (i % width)]! += updates[i]!;
  }
  const feeds = {
    places: new ort.Tensor('int64', places, [count, 1]),
    updates: new ort.Tensor('float32', updates, [count, width]),
  };
  const first = (await session.run(feeds))['y']!.data as Float32Array;
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(first[i]! - value) < 1e-3, `${first[i]} at ${i}`);
  for (let run = 0; run < 40; run++) assert.deepEqual((await session.run(feeds))['y']!.data, first);
  await session.release();
});

test('a long sum of rows is a chain of short ones, but one node for devices that add by atomic operations', () => {
  const { graph, y } = sumOfRows();
  const types = (atomicSums: boolean) =>
    ops.decodeModel(ops.encodeModel(graph, { y }, { atomicSums })).graph.nodes.map((node) => node.type);
  const links = Math.ceil((count * width) / 2 ** 17);
  assert.deepEqual(
    types(false).filter((type) => type !== 'Expand'),
    ['Split', 'Split', ...Array.from({ length: links }, () => 'ScatterND')],
  );
  assert.deepEqual(types(true), ['Expand', 'ScatterND']);
});

test('sums of rows are written short also inside of scans', () => {
  const inner = new ops.Graph();
  const [total, places, updates] = [
    inner.input('total', [rows, width]),
    inner.input('places', [count, 1], 'int64'),
    inner.input('updates', [count, width]),
  ];
  const next = ops.scatterNdAdd(total, places, updates);
  const step = {
    graph: inner,
    state: [{ name: 'total', input: total, next }],
    sequence: [
      { name: 'places', input: places },
      { name: 'updates', input: updates },
    ],
    perStep: {},
  };
  const body = ops.decodeModel(ops.scanModel(step, 2)).graph.nodes[0]!.attributes['body']!;
  assert.ok(body.kind === 'graph');
  assert.ok(body.value.nodes.filter(({ type }) => type === 'ScatterND').length > 1);
});
