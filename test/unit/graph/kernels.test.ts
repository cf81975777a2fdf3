import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { opsPage } from '../../../scripts/pages/ops.mjs';
import * as ops from '../../../src/graph/index.ts';
import { kernels } from '../../../src/graph/kernels.ts';
import { onnxTypes } from '../../../src/graph/ops/onnxTypes.ts';
import { opTable } from '../../../src/graph/ops/table.ts';
import { nodesBehind } from '../../../src/graph/traverse.ts';
import { everything } from '../../gpu/everyOperation.ts';

test('every operation, and every one that a derivative makes, has a CUDA kernel at opset 18', () => {
  const { graph, results, inputs } = everything();
  const floats = results.filter((value) => ops.isFloating(value.dtype));
  const sums = floats.map((value) => ops.reduceSum(value, undefined, false));
  const loss = sums.reduce((a, b) => ops.add(a, b));
  const gradients = ops.grad(loss, inputs);
  const [tangent] = ops.jvp([loss], new Map(inputs.map((input) => [input, ops.exp(input)])));
  const second = ops.grad(tangent!, inputs);
  const outputs = [...results, ...gradients, ...second, tangent!];
  const used = new Set(nodesBehind(outputs).map((node) => node.op));
  assert.deepEqual(
    Object.keys(opTable).filter((name) => !used.has(name as keyof typeof opTable)),
    [],
    'not covered',
  );
  const model = ops.decodeModel(
    ops.encodeModel(graph, Object.fromEntries(outputs.map((value, i) => [`y${i}`, value]))),
  );
  const types = new Set(model.graph.nodes.map((node) => node.type));
  // An operator without a kernel would silently run on the CPU in the middle of a GPU graph.
  const onCuda = new Set(Object.entries(kernels).flatMap(([type, { cuda }]) => (cuda.float32 === 'yes' ? [type] : [])));
  assert.deepEqual(
    [...types].filter((type) => !onCuda.has(type)),
    [],
  );
  const named: ReadonlySet<string | null> = new Set(Object.values(onnxTypes));
  assert.deepEqual(
    [...types].filter((type) => !named.has(type)),
    [],
  );
  assert.deepEqual(model.opsets, [{ domain: '', version: 18 }]);
});

test('each operation is written as the operator that the table names', () => {
  const { graph, results } = everything();
  const nodes = nodesBehind(results);
  const model = ops.decodeModel(
    ops.encodeModel(graph, Object.fromEntries(results.map((value, i) => [`y${i}`, value]))),
  );
  for (const { id, op } of nodes) {
    const written = model.graph.nodes.find(({ name }) => name.endsWith(`_${id}`) && !name.startsWith('copy'));
    if (written !== undefined) assert.equal(written.type, onnxTypes[op], op);
    else assert.ok(op === 'StopGradient' || op === 'Split', `${op} is not in the model`);
  }
});

test('the page of operations is true', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/ops.md'), 'utf8');
  assert.equal(page, opsPage(), 'run npm run page:ops');
});
