import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bfloat16Bits, bfloat16Value, float16Bits, float16Value } from '../../../src/graph/dtype.ts';
import * as ops from '../../../src/graph/index.ts';
import { decodeUtf8 } from '../../../src/graph/onnx/protoReader.ts';
import { encodeUtf8 } from '../../../src/graph/onnx/protoWriter.ts';
import { evaluate, loadModel } from './runtime.ts';

test('a model declares what it uses, leaves out dead nodes, and copies only where it must', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  graph.input('unused', [5]);
  const y = ops.mul(x, 3);
  ops.exp(y);
  const bytes = ops.encodeModel(graph, { y, again: y, same: x, fixed: graph.constant([7, 8], [2]) });
  const model = ops.decodeModel(bytes);
  assert.deepEqual(model.graph.inputs, [{ name: 'x', dtype: 'float32', shape: [2] }]);
  assert.deepEqual(
    model.graph.nodes.map((node) => node.type),
    ['Mul', 'Identity', 'Identity', 'Identity'],
  );
  assert.deepEqual(model.opsets, [{ domain: '', version: 18 }]);
  assert.equal(model.irVersion, 8);
  const loaded = await loadModel(bytes);
  const results = await loaded.run({ x: { shape: [2], values: [1, 2] } });
  assert.deepEqual([...results['again']!.values], [3, 6]);
  assert.deepEqual([...results['same']!.values], [1, 2]);
  assert.deepEqual([...results['fixed']!.values], [7, 8]);
});

test('declared inputs stay in their order, and missing ones are named', () => {
  const graph = new ops.Graph();
  const [a, b] = [graph.input('a', []), graph.input('b', [], 'int64')];
  const model = ops.decodeModel(
    ops.encodeModel(graph, { y: ops.neg(a) }, { inputs: [b, a], metadata: { key: 'välue' } }),
  );
  assert.deepEqual(
    model.graph.inputs.map((input) => input.name),
    ['b', 'a'],
  );
  assert.deepEqual(model.metadata, { key: 'välue' });
  assert.throws(() => ops.encodeModel(graph, { y: ops.neg(a) }, { inputs: [b] }), /needs the inputs "a"/);
  assert.throws(() => ops.encodeModel(graph, { a: ops.neg(a) }), /named "a"/);
  assert.throws(() => ops.encodeModel(graph, { '%1': ops.neg(a) }), /cannot name/);
  assert.throws(() => graph.input('a', [1]), /has an input named "a"/);
});

test('node names tell the place in the network and the derivative', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2, 2]);
  const loss = graph.scope('net', () => graph.scope('head', () => ops.reduceSum(ops.matmul(x, x), undefined, false)));
  const model = ops.decodeModel(ops.encodeModel(graph, { loss, g: ops.grad(loss, [x])[0]! }));
  const names = model.graph.nodes.map((node) => node.name);
  assert.ok(
    names.some((name) => /^net\/head\/MatMul_\d+$/.test(name)),
    names.join(),
  );
  assert.ok(
    names.some((name) => /^d\(net\/head\)\/MatMul_\d+$/.test(name)),
    names.join(),
  );
  assert.equal(new Set(names).size, names.length);
});

test('every element type survives the way to ONNX Runtime and back', async () => {
  const graph = new ops.Graph();
  const values = [0, 1, 2, 100];
  for (const dtype of ['float32', 'float64', 'int32', 'int64', 'uint8', 'float16'] as const) {
    const { y } = await evaluate({ y: ops.identity(graph.constant(values, [4], dtype)) });
    assert.deepEqual([...y!.values], values, dtype);
  }
  const { y } = await evaluate({ y: ops.identity(graph.constant([-(2 ** 40), 2 ** 52], [2], 'int64')) });
  assert.deepEqual([...y!.values], [-(2 ** 40), 2 ** 52]);
});

test('a written model reads back as the same structure', () => {
  const model: ops.OnnxModel = {
    irVersion: 8,
    producer: 'prüfung',
    opsets: [
      { domain: '', version: 18 },
      { domain: 'com.microsoft', version: 1 },
    ],
    metadata: { a: 'b', ключ: '値🙂' },
    graph: {
      name: 'g',
      nodes: [
        {
          name: 'n',
          type: 'Anything',
          domain: 'com.microsoft',
          inputs: ['x', '', 'w'],
          outputs: ['y'],
          attributes: {
            float: { kind: 'float', value: 0.25 },
            int: { kind: 'int', value: -3 },
            large: { kind: 'int', value: 2 ** 45 + 1 },
            string: { kind: 'string', value: 'säge' },
            floats: { kind: 'floats', value: [1, -0.5] },
            ints: { kind: 'ints', value: [0, -1, 300, -(2 ** 31), 2 ** 40] },
            strings: { kind: 'strings', value: ['a', ''] },
            tensor: { kind: 'tensor', value: { name: 't', dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) } },
            graph: { kind: 'graph', value: { name: '', nodes: [], initializers: [], inputs: [], outputs: [] } },
          },
        },
      ],
      initializers: [{ name: 'w', dtype: 'int64', shape: [], data: new Uint8Array(8) }],
      inputs: [{ name: 'x', dtype: 'float16', shape: [3, 'batch', null] }],
      outputs: [{ name: 'y', dtype: 'bfloat16', shape: [] }],
    },
  };
  assert.deepEqual(ops.decodeModel(ops.writeModel(model)), model);
});

test('tensors kept in typed fields are read into the raw layout', () => {
  const tensor = (...fields: number[]) => [...message(1, [2]), ...fields, ...message(8, [...encodeUtf8('t')])];
  const graph = (bytes: number[]) => Uint8Array.from(message(7, message(5, bytes)));
  const read = (bytes: number[]) => {
    const first = ops.decodeModel(graph(bytes)).graph.initializers[0]!;
    return [first.dtype, ...ops.unpackNumbers(first.data, first.dtype)];
  };
  const floats = [...new Uint8Array(Float32Array.of(1.5, -2).buffer)];
  assert.deepEqual(read(tensor(0x10, 1, ...message(4, floats))), ['float32', 1.5, -2]);
  assert.deepEqual(read(tensor(0x10, 7, 0x38, 5, 0x38, 6)), ['int64', 5, 6]);
  assert.deepEqual(read(tensor(0x10, 10, ...message(5, [0x80, 0x78, 0x80, 0x80, 0x01]))), ['float16', 1, 2]);
});

test('bytes that are not a whole model are refused, wherever they were cut', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  const bytes = ops.encodeModel(graph, { y: ops.reduceSum(ops.mul(x, graph.constant([1, 2], [2]))) });
  assert.throws(() => ops.decodeModel(new Uint8Array(0)), { code: 'bad-file', message: /no ONNX graph/ });
  assert.throws(() => ops.decodeModel(Uint8Array.from([0xff, 0xff, 0xff])), { code: 'bad-file' });
  for (let end = 1; end < bytes.length; end++) {
    try {
      ops.decodeModel(bytes.subarray(0, end));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'bad-file');
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      try {
        ops.decodeModel(noise);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'bad-file', String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('text survives UTF-8, and half-width floats round to nearest even', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual([...encodeUtf8(text)], [...new TextEncoder().encode(text)]);
      assert.equal(decodeUtf8(encodeUtf8(text)), text);
    }),
  );
  for (let bits = 0; bits < 65536; bits++) {
    if (!Number.isNaN(float16Value(bits))) assert.equal(float16Bits(float16Value(bits)), bits);
    if (!Number.isNaN(bfloat16Value(bits))) assert.equal(bfloat16Bits(bfloat16Value(bits)), bits);
  }
  assert.equal(float16Bits(1 + 2 ** -11), float16Bits(1));
  assert.equal(float16Bits(1 + 3 * 2 ** -11), float16Bits(1 + 2 ** -9));
  assert.equal(float16Bits(65520), 0x7c00);
  assert.equal(float16Bits(2 ** -25), 0);
  assert.ok(Number.isNaN(float16Value(float16Bits(Number.NaN))));
});

function message(field: number, bytes: readonly number[]): number[] {
  return [
    field * 8 + 2,
    ...(bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]),
    ...bytes,
  ];
}
