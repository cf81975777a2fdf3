import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { add, encodeModel, Graph, grad, matmul, mul, reduceSum, silu, standardize } from '../../../src/graph/index.ts';
import { optimizersToLeaveOut } from '../../../src/trainer/engine/graphOptimizers.ts';
import { ModelSession } from '../../../src/trainer/engine/session.ts';

test('a large graph gives the same bits without the optimizers that find nothing in it', {
  timeout: 60_000,
}, async () => {
  const size = 8;
  const graph = new Graph();
  const x = graph.input('x', [size, size]);
  const weights = Array.from({ length: 60 }, (_, i) => graph.input(`w${i}`, [size, size]));
  let hidden = x;
  for (const weight of weights) hidden = add(hidden, mul(silu(matmul(standardize(hidden), weight)), 0.5));
  const gradients = grad(reduceSum(mul(hidden, hidden), undefined, false), weights);
  const model = encodeModel(graph, { hidden, first: gradients[0]!, last: gradients.at(-1)! });
  // Bytes of weights do not count, and this model has none: it is larger than from where on optimizers are left out.
  const whole = 250_001;
  assert.ok(optimizersToLeaveOut('cpu', whole).includes('CommonSubexpressionElimination'));
  assert.deepEqual(optimizersToLeaveOut('cpu', 50_000), []);
  assert.deepEqual(optimizersToLeaveOut('webgpu', whole), ['SkipLayerNormFusion']);

  const numbers = (k: number) => Float32Array.from({ length: size * size }, (_, i) => Math.sin(i * (k + 2)));
  const names = ['x', ...weights.map((_, i) => `w${i}`)];
  const data = new Map(names.map((name, k) => [name, numbers(k)]));
  const extra = { optimization: { disable_specified_optimizers: optimizersToLeaveOut('cpu', whole).join(';') } };
  const fewer = await ort.InferenceSession.create(model, { executionProviders: ['cpu'], intraOpNumThreads: 1, extra });
  const tensors = [...data].map(([name, values]) => [name, new ort.Tensor('float32', values, [size, size])] as const);
  const less = await fewer.run(Object.fromEntries(tensors));
  await fewer.release();
  const session = await ModelSession.create(model, { device: 'cpu', threads: 1 });
  const shape = [size, size];
  const all = await session.run(Object.fromEntries([...data].map(([name, values]) => [name, { data: values, shape }])));
  session.dispose();
  for (const name of ['hidden', 'first', 'last']) assert.deepEqual(less[name]!.data, all[name], name);
});
