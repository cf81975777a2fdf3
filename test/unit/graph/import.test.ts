import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { bytes, int } from '../readers/support/proto.ts';
import { assertClose } from './gradientCheck.ts';
import { evaluate, loadModel, type Numbers } from './runtime.ts';

interface Recorded {
  readonly inputs: readonly { readonly shape: ops.Shape; readonly dtype: string; readonly values: readonly number[] }[];
  readonly output: { readonly shape: ops.Shape; readonly values: readonly number[] };
  readonly gradients: {
    readonly [name: string]: {
      readonly norm: number;
      readonly places: readonly number[];
      readonly values: readonly number[];
    };
  };
}

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/onnx');
const truth = JSON.parse(readFileSync(path.join(fixtures, 'truth.json'), 'utf8')) as {
  readonly models: { readonly [name: string]: Recorded };
};
const modelOf = (name: string) => ops.decodeModel(readFileSync(path.join(fixtures, `${name}.onnx`)));

for (const [name, recorded] of Object.entries(truth.models)) {
  test(`${name}: output and gradients of a model from PyTorch are PyTorch's own`, async () => {
    const model = modelOf(name);
    const trainable = new Set(ops.trainableTensors(model));
    const parameters = new Map<string, ops.Value>();
    const imported = ops.importModel(model, {
      dimensions: { batch: recorded.inputs[0]!.shape[0]! },
      parameter: (tensor, graph) => {
        if (!trainable.has(tensor)) return undefined;
        const value = graph.input(`weight:${tensor.name}`, tensor.shape);
        parameters.set(tensor.name, value);
        return value;
      },
    });
    const output = [...imported.outputs.values()][0]!;
    const weights = Array.from({ length: ops.sizeOf(output.shape) }, (_, i) => Math.cos(i));
    const loss = ops.reduceSum(ops.mul(output, imported.graph.constant(weights, output.shape)), undefined, false);
    const names = [...parameters.keys()];
    const gradients = ops.grad(loss, [...parameters.values()]);
    const feeds: Record<string, Numbers> = {};
    recorded.inputs.forEach((input, i) => {
      feeds[`input${i}`] = input;
    });
    for (const tensor of ops.trainableTensors(model)) {
      feeds[`weight:${tensor.name}`] = { shape: tensor.shape, values: ops.unpackNumbers(tensor.data, tensor.dtype) };
    }
    const results = await evaluate(
      { output, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient:${names[i]}`, gradient])) },
      feeds,
    );
    assert.deepEqual(results['output']!.shape.map(Number), recorded.output.shape);
    assertClose('output', results['output']!.values, recorded.output.values, 1e-5);
    const original = await loadModel(readFileSync(path.join(fixtures, `${name}.onnx`)));
    const theirs = await original.run(feeds);
    assertClose("output of ONNX Runtime's own", results['output']!.values, theirs['output']!.values, 1e-6);
    const largest = Math.max(...Object.values(recorded.gradients).map(({ norm }) => norm));
    let compared = 0;
    for (const [parameter, wanted] of Object.entries(recorded.gradients)) {
      const found = names.find((each) => each === parameter || each === `model.${parameter}`);
      if (found === undefined) continue;
      compared++;
      const values = results[`gradient:${found}`]!.values;
      const norm = Math.hypot(...values);
      // A bias ahead of a norm has no gradient but rounding.
      const rounding = largest * 1e-7;
      const close = Math.abs(norm - wanted.norm) < wanted.norm * 1e-4 + rounding * values.length;
      assert.ok(close, `${parameter}: norm ${norm} instead of ${wanted.norm}`);
      wanted.places.forEach((place, i) => {
        const error = Math.abs(values[place]! - wanted.values[i]!);
        const isClose = error < wanted.norm * 1e-5 + rounding;
        assert.ok(isClose, `${parameter}[${place}]: ${values[place]} instead of ${wanted.values[i]}`);
      });
    }
    // Exporters turn some weights round and give those a name of their own.
    assert.ok(compared > Object.keys(recorded.gradients).length / 2, `only ${compared} weights have their own name`);
  });
}

test('a model can be frozen, cut and made a part of a larger graph', async () => {
  const recorded = truth.models['resnet18']!;
  const model = modelOf('resnet18');
  const features = model.graph.nodes.find(({ type }) => type === 'Flatten')!.outputs[0]!;
  const graph = new ops.Graph();
  const picture = graph.input('picture', recorded.inputs[0]!.shape);
  const inner = ops.importModel(model, { inputs: { input0: ops.mul(picture, 1) }, outputs: [features] });
  assert.equal(inner.graph, graph);
  const value = inner.outputs.get(features)!;
  assert.deepEqual(value.shape, [2, 32]);
  const head = graph.input('head', [32, 2]);
  const loss = ops.reduceSum(ops.matmul(value, head), undefined, false);
  const [dHead, dPicture] = ops.grad(loss, [head, picture]);
  const bytes = ops.encodeModel(graph, { dHead: dHead! });
  assert.ok(
    !ops.decodeModel(bytes).graph.nodes.some(({ type }) => type === 'Gemm'),
    'what lies behind the cut is left out',
  );
  const feeds = {
    picture: { shape: picture.shape, values: recorded.inputs[0]!.values },
    head: { shape: head.shape, values: Array.from({ length: 64 }, (_, i) => Math.sin(i)) },
  };
  const results = await evaluate({ value, dHead: dHead!, dPicture: dPicture! }, feeds);
  const sums = Array.from({ length: 32 }, (_, i) => results['value']!.values[i]! + results['value']!.values[32 + i]!);
  assertClose(
    'gradient of the head',
    results['dHead']!.values,
    sums.flatMap((sum) => [sum, sum]),
    1e-6,
  );
  assert.ok(
    results['dPicture']!.values.some((each) => each !== 0),
    'the gradient reaches through frozen weights',
  );
});

test('what cannot be imported is refused by name', () => {
  const model = modelOf('bert');
  assert.throws(() => ops.importModel(model), /open dimension "batch"/);
  const strange = {
    ...model,
    graph: {
      ...model.graph,
      nodes: model.graph.nodes.map((node, i) =>
        i === 0 ? { ...node, type: 'NonMaxSuppression' } : i === 1 ? { ...node, domain: 'com.example' } : node,
      ),
    },
  };
  const options = { dimensions: { batch: 2 } };
  const name = model.graph.nodes[1]!.type;
  assert.throws(
    () => ops.importModel(strange, options),
    (error: Error) => error.message.includes('NonMaxSuppression') && error.message.includes(`com.example.${name}`),
  );
  assert.throws(() => ops.importModel({ ...model, opsets: [{ domain: '', version: 9 }] }, options), /operator set 9/);
  assert.throws(
    () => ops.importModel(model, { ...options, outputs: ['nothing'] }),
    /"nothing", which nothing computes/,
  );
});

test('weights in another file are read by the caller, who must find as many bytes as they need', () => {
  const weights = Float32Array.of(1, 2, 3);
  const text = (field: number, value: string) => bytes(field, Buffer.from(value));
  const entry = (key: string, value: string) => bytes(13, Buffer.concat([text(1, key), text(2, value)]));
  const tensor = Buffer.concat([
    int(1, 3),
    int(2, 1),
    text(8, 'w'),
    int(14, 1),
    entry('location', 'weights.bin'),
    entry('offset', '8'),
    entry('length', '12'),
  ]);
  const model = bytes(7, bytes(5, tensor));
  const seen: unknown[] = [];
  const read = (place: ops.ExternalPlace, name: string) => {
    seen.push({ ...place, name });
    return new Uint8Array(weights.buffer);
  };
  const [found] = ops.decodeModel(model, read).graph.initializers;
  assert.deepEqual(seen, [{ location: 'weights.bin', offset: 8, length: 12, name: 'w' }]);
  assert.deepEqual([...ops.unpackNumbers(found!.data, 'float32')], [1, 2, 3]);
  assert.throws(() => ops.decodeModel(model), /kept in another file/);
  assert.throws(() => ops.decodeModel(model, () => new Uint8Array(4)), /needs 12 bytes of weights\.bin, which has 4/);
});
