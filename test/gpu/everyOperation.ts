// Every operation of the graph, applied to small tensors: what is looked at where each one must be right somewhere.
import * as ops from '../../src/graph/index.ts';

/** A graph that applies every operation to two images and two kernels. */
export function everything() {
  const graph = new ops.Graph();
  const x = graph.input('x', [2, 2, 4, 4]);
  const w = graph.input('w', [2, 2, 3, 3]);
  const depthwise = graph.input('d', [2, 1, 3, 3]);
  const flag = ops.or(ops.and(ops.greater(x, 0), ops.less(x, 1)), ops.not(ops.lessOrEqual(x, ops.neg(x))));
  const counter = graph.input('c', [], 'int64');
  const index = ops.argMax(x, 3);
  const unary = [
    ops.exp,
    ops.log,
    ops.sqrt,
    ops.erf,
    ops.sin,
    ops.cos,
    ops.tanh,
    ops.sigmoid,
    ops.relu,
    ops.abs,
    ops.reciprocal,
  ];
  const more = [
    ops.floor,
    ops.identity,
    ops.stopGradient,
    ops.silu,
    ops.gelu,
    ops.squaredRelu,
    ops.standardize,
    ops.softmax,
  ];
  const results = [
    ...[...unary, ...more, ops.logSoftmax].map((apply) => apply(x)),
    ops.batchNormalized(x, { gain: ops.reduceSum(w, [1, 2, 3], false), bias: ops.reduceSum(w, [1, 2, 3], false) }).y,
    ops.pow(x, 2.5),
    ops.maximum(x, 0.5),
    ops.minimum(x, 0.5),
    ops.div(x, ops.add(x, 3)),
    ops.where(flag, x, ops.sub(x, 1)),
    ops.cast(ops.greaterOrEqual(x, 0), 'float32'),
    ops.cast(ops.mod(index, 3), 'float32'),
    ops.concat(ops.split(x, [1, 3], 2), 3 - 1),
    ops.concat([x, ops.flip(x, [2])], 1),
    ops.slice(x, { starts: [0], ends: [4], axes: [3], steps: [2] }),
    ops.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]),
    ops.expand(ops.transpose(x, [1, 0, 2, 3]), [3, 2, 2, 4, 4]),
    ops.reduceMean(x, [1]),
    ops.reduceMax(x, [2, 3]),
    ops.reduceMin(x, [0]),
    ops.matmul(x, ops.swapLast(x)),
    ops.conv(x, w, { padding: 1, bias: ops.reduceSum(w, [1, 2, 3], false) }),
    ops.conv(x, w, { stride: 2, padding: 1 }),
    ops.conv(x, depthwise, { groups: 2 }),
    ops.convTranspose(x, w, { stride: 2 }),
    ops.resizeNearest(x, 2),
    ops.averagePool2d(x, 3, 1),
    ops.maxPool(x, 2),
    ops.maxPool(x, 3, { stride: 1, padding: 1 }),
    ops.gatherElements(x, ops.reshape(index, [2, 2, 4, 1]), 3),
    ops.gather(x, index, 0),
    ops.scatterNdAdd(
      ops.reshape(x, [16, 4]),
      ops.reshape(ops.range(graph, 3), [3, 1]),
      ops.reshape(ops.narrow(ops.reshape(x, [16, 4]), 0, 0, 3), [3, 4]),
    ),
    ops.oneHot(index, 3),
    ops.randomNormal(counter, [2, 3], 0),
    scanned(ops.stopGradient(x)),
  ];
  return { graph, results, inputs: [x, w, depthwise] };
}

/** The sum over the first axis, entry by entry. */
function scanned(x: ops.Value): ops.Value {
  const graph = new ops.Graph();
  const [sum, entry] = [graph.input('sum', x.shape.slice(1)), graph.input('entry', x.shape.slice(1))];
  const state = [{ input: sum, next: ops.add(sum, entry) }];
  const body = { graph, steps: x.shape[0]!, state, sequence: [entry], constants: [], perStep: [] };
  const zeros = ops.expand(x.graph.scalar(0), sum.shape);
  return ops.scanOver(body, { state: [zeros], sequence: [x], constants: [] }).state[0]!;
}
