import { add, mul, sub } from '../../build/binary.ts';
import { reshape, transpose } from '../../build/movement.ts';
import * as reductions from '../../build/reduction.ts';
import { abs, exp, log, neg, sqrt } from '../../build/unary.ts';
import type { Value } from '../../ir.ts';
import { allAxes, normalizeAxis, sizeOf } from '../../shape.ts';
import type { ImportedNode } from '../importedNode.ts';
import type { Importer, Importers } from '../importer.ts';

/** Operators that reduce axes or act along one. */
export const reductionImporters: Importers = {
  ReduceSum: reduced(reductions.reduceSum),
  ReduceMean: reduced(reductions.reduceMean),
  ReduceMax: reduced(reductions.reduceMax),
  ReduceMin: reduced(reductions.reduceMin),
  ReduceSumSquare: reduced((x, axes, keep) => reductions.reduceSum(mul(x, x), axes, keep)),
  ReduceL1: reduced((x, axes, keep) => reductions.reduceSum(abs(x), axes, keep)),
  ReduceL2: reduced((x, axes, keep) => sqrt(reductions.reduceSum(mul(x, x), axes, keep))),
  ReduceLogSum: reduced((x, axes, keep) => log(reductions.reduceSum(x, axes, keep))),
  ReduceLogSumExp: reduced(logSumExp),
  ReduceProd: (node) => {
    const numbers = node.known(0, 'product') ?? [];
    const product = numbers.reduce((all, each) => all * each, 1);
    const shape = node.int('keepdims', 1) === 1 ? node.value(0).shape.map(() => 1) : [];
    return node.graph.constant([product], shape, node.value(0).dtype);
  },
  ArgMax: (node) => argument(node, node.value(0)),
  ArgMin: (node) => argument(node, neg(node.value(0))),
  Softmax: along(reductions.softmax),
  LogSoftmax: along(reductions.logSoftmax),
  CumSum: cumulative,
};

type Reduce = (x: Value, axes: readonly number[] | undefined, keepDims: boolean) => Value;

/** Axes stand in an attribute or, in newer operator sets, in an input; without any, all axes are meant. */
function reduced(build: Reduce): Importer {
  return (node) => {
    const axes = node.knownOrInts(1, 'axes');
    const keepDims = node.int('keepdims', 1) === 1;
    const isEmpty = axes === undefined || axes.length === 0;
    if (isEmpty && node.int('noop_with_empty_axes', 0) === 1) return node.value(0);
    return build(node.value(0), isEmpty ? undefined : axes, keepDims);
  };
}

function logSumExp(x: Value, axes: readonly number[] | undefined, keepDims: boolean): Value {
  const largest = reductions.reduceMax(x, axes, true);
  const sum = log(reductions.reduceSum(exp(sub(x, largest)), axes, keepDims));
  return add(sum, reshape(largest, sum.shape));
}

function argument(node: ImportedNode, x: Value): Value {
  if (node.int('select_last_index', 0) === 1) throw node.refusal('asks for the last of equal entries');
  return reductions.argMax(x, node.int('axis', 0), node.int('keepdims', 1) === 1);
}

/** Before operator set 13 the axes from `axis` on were taken as one. */
function along(build: (x: Value, axis: number) => Value): Importer {
  return (node) => {
    const x = node.value(0);
    if (node.opset >= 13) return build(x, node.int('axis', -1));
    const axis = normalizeAxis(node.int('axis', 1), x.rank);
    const rows = sizeOf(x.shape.slice(0, axis));
    return reshape(build(reshape(x, [rows, sizeOf(x.shape) / rows]), 1), x.shape);
  };
}

/** Sums up to each entry, as a product with a triangle of ones: what is long is better left out of a model. */
function cumulative(node: ImportedNode): Value {
  const x = node.value(0);
  const axis = normalizeAxis(node.known(1, 'axis')?.[0] ?? 0, x.rank);
  const size = x.shape[axis]!;
  const exclusive = node.int('exclusive', 0);
  const reverse = node.int('reverse', 0) === 1;
  const counts = Array.from({ length: size * size }, (_, i) => {
    const [to, from] = [Math.floor(i / size), i % size];
    return Number(reverse ? from >= to + exclusive : from <= to - exclusive);
  });
  const triangle = node.graph.constant(counts, [size, size], x.dtype);
  const order = [...allAxes(x.rank).filter((each) => each !== axis), axis];
  const last = reshape(transpose(x, order), [-1, 1, size]);
  const sums = reductions.reduceSum(mul(last, triangle), [2], false);
  const back = allAxes(x.rank).map((each) => order.indexOf(each));
  return transpose(
    reshape(
      sums,
      order.map((each) => x.shape[each]!),
    ),
    back,
  );
}
