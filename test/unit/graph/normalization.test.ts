import { test } from 'node:test';
import {
  add,
  batchNormalized,
  Graph,
  grad,
  groupNormalized,
  mul,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  type Shape,
  seededRandom,
  sizeOf,
  sqrt,
  sub,
  type Value,
} from '../../../src/graph/index.ts';
import { assertClose, gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

gradientTest('derivatives of a batch norm', {
  shapes: [[3, 2, 2, 2], [2], [2]],
  build: ([x, gain, bias]) => batchNormalized(x!, { gain: gain!, bias: bias! }).y,
});

gradientTest('derivatives of a batch norm over one axis of places', {
  shapes: [[4, 3, 2], [3], [3]],
  build: ([x, gain, bias]) => batchNormalized(x!, { gain: gain!, bias: bias! }).y,
});

gradientTest('derivatives of a group norm', {
  shapes: [[2, 4, 2, 2], [4], [4]],
  // ONNX Runtime gives the root of the variance as float32 whatever x is.
  dtype: 'float32',
  tolerance: 5e-3,
  build: ([x, gain, bias]) => groupNormalized(x!, 2, { gain: gain!, bias: bias! }, 0.1),
});

/** x less its mean over axes, through the root of its variance there, scaled per channel. */
function writtenOut(x: Value, axes: readonly number[], gain: Value, bias: Value): Value {
  const centred = sub(x, reduceMean(x, axes));
  const spread = reciprocal(sqrt(add(reduceMean(mul(centred, centred), axes), 1e-5)));
  return add(mul(mul(centred, spread), gain), bias);
}

const shape: Shape = [3, 6, 4, 5];

const forms: { readonly [name: string]: readonly ((x: Value, gain: Value, bias: Value) => Value)[] } = {
  'batch norm': [
    (x, gain, bias) => batchNormalized(x, { gain, bias }).y,
    (x, gain, bias) => writtenOut(x, [0, 2, 3], reshape(gain, [1, 6, 1, 1]), reshape(bias, [1, 6, 1, 1])),
  ],
  'group norm': [
    (x, gain, bias) => groupNormalized(x, 3, { gain, bias }),
    (x, gain, bias) => {
      const [gains, biases] = [gain, bias].map((each) => reshape(each, [1, 3, 2, 1])) as [Value, Value];
      return reshape(writtenOut(reshape(x, [3, 3, 2, 20]), [2, 3], gains, biases), shape);
    },
  ],
};

for (const [name, builds] of Object.entries(forms)) {
  test(`a ${name} and its gradients are those of the formula written out`, async () => {
    const graph = new Graph();
    const x = graph.input('x', shape);
    const weights = graph.input('w', shape);
    const [gain, bias] = ['gain', 'bias'].map((each) => graph.input(each, [6])) as [Value, Value];
    const outputs: Record<string, Value> = {};
    builds.forEach((build, form) => {
      const y = build(x, gain, bias);
      const gradients = grad(reduceSum(mul(y, weights), undefined, false), [x, gain, bias]);
      for (const [i, value] of [y, ...gradients].entries()) outputs[`${form}:${i}`] = value;
    });
    const random = seededRandom(4);
    const feeds = Object.fromEntries(
      graph.inputs.map((input, i) => {
        const values = Array.from({ length: sizeOf(input.shape) }, () => random.normal() + 0.5);
        return [['x', 'w', 'gain', 'bias'][i]!, { shape: input.shape, values }];
      }),
    );
    const found = await evaluate(outputs, feeds);
    for (const i of [0, 1, 2, 3]) assertClose(`${i}`, found[`0:${i}`]!.values, found[`1:${i}`]!.values, 2e-6);
  });
}
