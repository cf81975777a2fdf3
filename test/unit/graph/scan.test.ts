import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { type LoadedModel, loadModel, type Numbers } from './runtime.ts';

const STEPS = 6;

/** A network that uses most kinds of nodes, trained by momentum: forward, noise, a forward derivative, a convolution, a gradient. */
function trainingStep() {
  const graph = new ops.Graph();
  const pack = new ops.ParameterPack(graph, 'parameters');
  const counter = graph.input('counter', [], 'int64');
  const [images, labels, rate] = [
    graph.input('images', [2, 1, 6, 6]),
    graph.input('labels', [2], 'int64'),
    graph.input('rate', []),
  ];
  const kernel = pack.declare('kernel', [4, 1, 3, 3], { kind: 'normal', std: 0.3 });
  const bias = pack.declare('bias', [4], { kind: 'zeros' });
  const inner = pack.declare('inner', [4, 4, 3, 3], { kind: 'normal', std: 0.1 });
  const head = pack.declare('head', [36, 3], { kind: 'uniform', limit: 0.2 });
  const shift = pack.declare('shift', [3], { kind: 'zeros' });
  const network = (x: ops.Value) => {
    const hidden = ops.conv(x, kernel, { padding: 1, bias });
    const normed = ops.reshape(ops.standardize(ops.reshape(hidden, [2, 2, -1])), hidden.shape);
    const residual = ops.add(hidden, ops.conv(ops.silu(normed), inner, { padding: 1 }));
    const coarse = ops.averagePool2d(residual, 2);
    const mixed = ops.add(ops.averagePool2d(ops.resizeNearest(coarse, 2), 2), coarse);
    return ops.affine(ops.reshape(mixed, [2, -1]), head, shift);
  };
  const noise = ops.randomNormal(counter, [2, 1, 6, 6], 0);
  const noisy = ops.add(images, ops.mul(noise, 0.1));
  const logits = network(noisy);
  const [slope] = ops.jvp([logits], new Map([[noisy, noise]]));
  const fit = ops.neg(ops.reduceMean(ops.mul(ops.logSoftmax(logits), ops.oneHot(labels, 3)), undefined, false));
  const loss = ops.add(fit, ops.mul(ops.reduceMean(ops.mul(slope!, slope!), undefined, false), 0.1));
  const gradient = pack.gradient(loss);
  const velocity = graph.input('velocity', [pack.size]);
  const nextVelocity = ops.add(ops.mul(velocity, 0.9), gradient);
  const next = ops.sub(pack.flat, ops.mul(nextVelocity, rate));
  return {
    graph,
    pack,
    loss,
    gradient,
    counter,
    images,
    labels,
    rate,
    velocity,
    next,
    nextVelocity,
    nextCounter: ops.add(counter, 1),
  };
}

test('K steps in one scan give bit for bit what K single steps give', async () => {
  const step = trainingStep();
  const single = await loadModel(
    ops.encodeModel(step.graph, {
      p: step.next,
      v: step.nextVelocity,
      c: step.nextCounter,
      loss: step.loss,
      logits: step.gradient,
    }),
  );
  const fused = await loadModel(
    ops.scanModel(
      {
        graph: step.graph,
        state: [
          { name: 'parameters', input: step.pack.flat, next: step.next },
          { name: 'velocity', input: step.velocity, next: step.nextVelocity },
          { name: 'counter', input: step.counter, next: step.nextCounter },
        ],
        sequence: [
          { name: 'images', input: step.images },
          { name: 'labels', input: step.labels },
        ],
        constants: [{ name: 'rate', input: step.rate }],
        perStep: { loss: step.loss, gradient: step.gradient },
      },
      STEPS,
    ),
  );
  const images = Array.from({ length: STEPS * 72 }, (_, i) => Math.sin(i));
  const labels = Array.from({ length: STEPS * 2 }, (_, i) => i % 3);
  const start = {
    parameters: Array.from(step.pack.initialValues(5)),
    velocity: Array.from({ length: step.pack.size }, () => 0),
  };
  const expected = await runSingly(single, images, labels, start);
  const flat = (values: readonly number[]): Numbers => ({ shape: [values.length], values });
  const results = await fused.run({
    parameters: flat(start.parameters),
    velocity: flat(start.velocity),
    counter: { shape: [], values: [10] },
    images: { shape: [STEPS, 2, 1, 6, 6], values: images },
    labels: { shape: [STEPS, 2], values: labels },
    rate: { shape: [], values: [0.05] },
  });
  assert.deepEqual(results['parameters_next']!.bytes, expected.parameters);
  assert.deepEqual(results['velocity_next']!.bytes, expected.velocity);
  assert.deepEqual([...results['counter_next']!.values], [10 + STEPS]);
  assert.deepEqual([...results['loss']!.values], expected.losses);
  assert.deepEqual(results['gradient']!.shape, [STEPS, step.pack.size]);
});

async function runSingly(
  model: LoadedModel,
  images: readonly number[],
  labels: readonly number[],
  start: { parameters: readonly number[]; velocity: readonly number[] },
) {
  let [parameters, velocity]: ArrayLike<number>[] = [start.parameters, start.velocity];
  let bytes: { p: Uint8Array; v: Uint8Array } | undefined;
  const losses: number[] = [];
  for (let k = 0; k < STEPS; k++) {
    const results = await model.run({
      parameters: { shape: [parameters!.length], values: parameters! },
      velocity: { shape: [velocity!.length], values: velocity! },
      counter: { shape: [], values: [10 + k] },
      images: { shape: [2, 1, 6, 6], values: images.slice(k * 72, (k + 1) * 72) },
      labels: { shape: [2], values: labels.slice(k * 2, (k + 1) * 2) },
      rate: { shape: [], values: [0.05] },
    });
    [parameters, velocity] = [results['p']!.values, results['v']!.values];
    bytes = { p: results['p']!.bytes, v: results['v']!.bytes };
    losses.push(results['loss']!.values[0]!);
  }
  return { parameters: bytes!.p, velocity: bytes!.v, losses };
}

test('the body writes its outputs directly and holds the constants', () => {
  const step = trainingStep();
  const bytes = ops.scanModel(
    {
      graph: step.graph,
      state: [
        { name: 'p', input: step.pack.flat, next: step.next },
        { name: 'v', input: step.velocity, next: step.nextVelocity },
      ],
      sequence: [{ name: 'c', input: step.counter }],
      constants: [
        { name: 'i', input: step.images },
        { name: 'l', input: step.labels },
        { name: 'r', input: step.rate },
      ],
      perStep: { loss: step.loss },
    },
    3,
  );
  const model = ops.decodeModel(bytes);
  assert.deepEqual(
    model.graph.nodes.map((node) => node.type),
    ['Scan'],
  );
  assert.deepEqual(model.graph.initializers, []);
  assert.deepEqual(
    model.graph.inputs.map((input) => [input.name, input.shape]),
    [
      ['p', [step.pack.size]],
      ['v', [step.pack.size]],
      ['c', [3]],
      ['i', [2, 1, 6, 6]],
      ['l', [2]],
      ['r', []],
    ],
  );
  assert.deepEqual(
    model.graph.outputs.map((output) => [output.name, output.shape]),
    [
      ['p_next', [step.pack.size]],
      ['v_next', [step.pack.size]],
      ['loss', [3]],
    ],
  );
  const body = model.graph.nodes[0]!.attributes['body'];
  assert.ok(body?.kind === 'graph');
  assert.ok(body.value.initializers.length > 0);
  assert.ok(!body.value.nodes.some((node) => node.type === 'Identity'));
});

test('a scan without sequences counts its steps, and unchanged state comes back unchanged', async () => {
  const graph = new ops.Graph();
  const [x, fixed] = [graph.input('x', [2]), graph.input('fixed', [])];
  const model = await loadModel(
    ops.scanModel(
      {
        graph,
        state: [
          { name: 'x', input: x, next: ops.add(x, fixed) },
          { name: 'fixed', input: fixed, next: fixed },
        ],
        sequence: [],
        perStep: { before: x, again: x },
      },
      4,
    ),
  );
  const results = await model.run({ x: { shape: [2], values: [1, 2] }, fixed: { shape: [], values: [3] } });
  assert.deepEqual([...results['x_next']!.values], [13, 14]);
  assert.deepEqual([...results['fixed_next']!.values], [3]);
  assert.deepEqual([...results['before']!.values], [1, 2, 4, 5, 7, 8, 10, 11]);
  assert.deepEqual(results['again']!.values, results['before']!.values);
});

test('a scan that does not fit together is refused in words', () => {
  const graph = new ops.Graph();
  const [x, y] = [graph.input('x', [2]), graph.input('y', [])];
  const state = [{ name: 'x', input: x, next: ops.add(x, y) }];
  assert.throws(() => ops.scanModel({ graph, state, sequence: [], perStep: {} }, 2), /needs the inputs "y"/);
  assert.throws(() => ops.scanModel({ graph, state, sequence: [], perStep: {} }, 0), /0 steps/);
  const wrong = [{ name: 'x', input: x, next: ops.reduceSum(x) }];
  assert.throws(() => ops.scanModel({ graph, state: wrong, sequence: [], perStep: {} }, 2), /changes its shape/);
  const clash = { graph, state, sequence: [{ name: 'x', input: y }], perStep: {} };
  assert.throws(() => ops.scanModel(clash, 2), /named "x"/);
});
