import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';

const normalized = (x: ops.Value) => {
  const centred = ops.sub(x, ops.reduceMean(x, [-1]));
  const variance = ops.reduceMean(ops.mul(centred, centred), [-1]);
  return ops.div(centred, ops.sqrt(ops.add(variance, 1e-5)));
};
const silu = (x: ops.Value) => ops.mul(x, ops.sigmoid(x));

gradientTest('derivatives of a layer norm', {
  shapes: [[2, 3, 4], [4], [4]],
  build: ([x, scale, shift]) => ops.add(ops.mul(normalized(x!), scale!), shift!),
});
gradientTest('derivatives of a group norm', {
  shapes: [[2, 4, 2, 3], [4], [4]],
  build: ([x, scale, shift]) => {
    const grouped = ops.reshape(normalized(ops.reshape(x!, [2, 2, -1])), [2, 4, 2, 3]);
    return ops.add(ops.mul(grouped, ops.reshape(scale!, [4, 1, 1])), ops.reshape(shift!, [4, 1, 1]));
  },
});
gradientTest('derivatives of SiLU', { shapes: [[2, 3]], build: ([x]) => silu(x!) });
gradientTest('derivatives of GELU by the error function', {
  shapes: [[2, 3]],
  dtype: 'float32',
  build: ([x]) => ops.mul(ops.mul(x!, 0.5), ops.add(ops.erf(ops.mul(x!, Math.SQRT1_2)), 1)),
});
gradientTest('derivatives of GELU by tanh', {
  shapes: [[2, 3]],
  build: ([x]) => {
    const inner = ops.mul(ops.add(x!, ops.mul(ops.mul(x!, x!), ops.mul(x!, 0.044715))), Math.sqrt(2 / Math.PI));
    return ops.mul(ops.mul(x!, 0.5), ops.add(ops.tanh(inner), 1));
  },
});
gradientTest('derivatives of attention with two heads and a mask', {
  shapes: [
    [2, 3, 4],
    [4, 12],
    [4, 4],
  ],
  build: ([x, w, out], graph) => {
    const heads = ops
      .split(ops.matmul(x!, w!), [4, 4, 4], -1)
      .map((part) => ops.transpose(ops.reshape(part, [2, 3, 2, 2]), [0, 2, 1, 3]));
    const mask = graph.constant([0, -50, -50, 0, 0, -50, 0, 0, 0], [3, 3], 'float64');
    const scores = ops.add(ops.mul(ops.matmul(heads[0]!, ops.swapLast(heads[1]!)), Math.SQRT1_2), mask);
    const mixed = ops.matmul(ops.softmax(scores), heads[2]!);
    return ops.matmul(ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [2, 3, 4]), out!);
  },
});
gradientTest('derivatives of a cross-entropy', {
  shapes: [[3, 4]],
  build: ([x], graph) => {
    const target = ops.oneHot(graph.constant([2, 0, 3], [3], 'int64'), 4, 'float64');
    return ops.neg(ops.reduceMean(ops.reduceSum(ops.mul(ops.logSoftmax(x!), target), [-1], false), undefined, false));
  },
});
gradientTest('derivatives of a multilayer perceptron', {
  shapes: [[3, 4], [4, 5], [5], [5, 2], [2]],
  build: ([x, w1, b1, w2, b2]) => ops.add(ops.matmul(silu(ops.add(ops.matmul(x!, w1!), b1!)), w2!), b2!),
});
gradientTest('derivatives of a residual block of convolutions', {
  shapes: [[1, 2, 4, 4], [2, 2, 3, 3], [2]],
  dtype: 'float32',
  build: ([x, w, b]) => {
    const bias = ops.reshape(b!, [2, 1, 1]);
    const inner = ops.tanh(ops.add(ops.conv(ops.mul(x!, 0.5), ops.mul(w!, 0.3), { padding: 1 }), bias));
    const down = ops.averagePool2d(ops.add(x!, inner), 2);
    return ops.add(ops.resizeNearest(down, 2), x!);
  },
});
gradientTest('derivatives of a MeanFlow residual: a forward derivative inside the function', {
  shapes: [
    [2, 3],
    [4, 3],
  ],
  build: ([z, w], graph) => {
    const time = graph.constant([0.3, 0.8], [2, 1], 'float64');
    const network = (at: ops.Value, t: ops.Value) => ops.matmul(ops.tanh(ops.concat([at, t], 1)), w!);
    const u = network(z!, time);
    const seeds = new Map([
      [z!, ops.mul(z!, 0.5)],
      [time, graph.constant([1, 1], [2, 1], 'float64')],
    ]);
    const [du] = ops.jvp([u], seeds);
    return ops.sub(u, ops.mul(ops.stopGradient(time), du!));
  },
});
gradientTest('derivatives of silu', { shapes: [[2, 3]], build: ([x]) => ops.silu(x!) });
gradientTest('derivatives of squaredRelu', {
  shapes: [[2, 3]],
  inputs: (normal) => normal + Math.sign(normal) * 0.1,
  build: ([x]) => ops.squaredRelu(x!),
});
gradientTest('derivatives of gelu', { shapes: [[2, 3]], dtype: 'float32', build: ([x]) => ops.gelu(x!) });
for (const shape of [[4], [2, 3], [2, 2, 5]]) {
  // LayerNormalization gives the spread as float32 even for float64, so small steps would see its rounding.
  gradientTest(`derivatives of standardize for [${shape}]`, {
    shapes: [shape],
    dtype: 'float32',
    build: ([x]) => ops.standardize(x!, 0.1),
    tolerance: 5e-3,
  });
}
gradientTest('derivatives of a function of the spread that standardize finds', {
  shapes: [[2, 4]],
  dtype: 'float32',
  tolerance: 5e-3,
  build: ([x]) => ops.jvp([ops.standardize(x!, 0.1)], new Map([[x!, ops.sin(x!)]]))[0]!,
});
for (const shape of [
  [2, 3],
  [2, 2, 3],
]) {
  gradientTest(`derivatives of affine for [${shape}]`, {
    shapes: [shape, [3, 4], [4]],
    build: ([x, w, b]) => ops.affine(x!, w!, b!),
  });
}
