import { packNumbers } from '../dtype.ts';
import { withBodies } from './bodies.ts';
import { makeNode } from './makeNode.ts';
import type { ColumnSumFacts, OnnxGraph, OnnxNode, OnnxTensor } from './model.ts';

/** Smaller sums are not worth another form, whose reshapes take some microseconds and make large graphs start later. */
const leastNumbers = 16_384;
const leastRows = 16;
const leastColumns = 16;

/**
 * The same graph in which sums over all leading axes, which the gradient of every bias is, are products of a row of ones with a matrix. ONNX Runtime's CPU adds the rows of a product with one row
 * two to three times as fast as those of its ReduceSum on one thread, and with several its ReduceSum becomes slower (`FastReduceKR` of onnxruntime/core/providers/cpu/reduction/reduction_ops.cc;
 * 128 x 512 numbers took 6 µs and 2 µs, with two threads 135 µs and 8 µs). Bodies of loops are treated too.
 */
export function withColumnSums(graph: OnnxGraph): OnnxGraph {
  const literals = new Map<string, OnnxTensor>();
  const nodes = graph.nodes.flatMap((node) => {
    const { columnSum } = node;
    const isLarge = columnSum !== undefined && isWorthIt(columnSum);
    return isLarge ? asProduct(node, columnSum, literals) : [withBodies(node, withColumnSums)];
  });
  return { ...graph, nodes, initializers: [...graph.initializers, ...literals.values()] };
}

function isWorthIt({ rows, columns }: ColumnSumFacts): boolean {
  return rows >= leastRows && columns >= leastColumns && rows * columns >= leastNumbers;
}

function asProduct(
  node: OnnxNode,
  { rows, columns, rank, shape }: ColumnSumFacts,
  literals: Map<string, OnnxTensor>,
): readonly OnnxNode[] {
  const [x] = node.inputs as readonly [string];
  const [y] = node.outputs as readonly [string];
  const sizes = (values: readonly number[]) =>
    literal(literals, `%sizes ${values.join()}`, values, 'int64', [values.length]);
  const ones = literal(literals, `%ones ${rows}`, new Float32Array(rows).fill(1), 'float32', [1, rows]);
  const isMatrix = rank === 2;
  const isRow = shape.length === 2 && shape[0] === 1;
  const [flat, row] = [`%flat/${y}`, `%row/${y}`];
  return [
    ...(isMatrix ? [] : [makeNode('Reshape', flat, [x, sizes([rows, columns])])]),
    makeNode('MatMul', node.name, [ones, isMatrix ? x : flat], { output: isRow ? y : row }),
    ...(isRow ? [] : [makeNode('Reshape', `${row} reshaped`, [row, sizes(shape)], { output: y })]),
  ];
}

/** The name of a constant, which is made once. */
function literal(
  literals: Map<string, OnnxTensor>,
  name: string,
  values: ArrayLike<number>,
  dtype: 'float32' | 'int64',
  shape: readonly number[],
): string {
  if (!literals.has(name)) literals.set(name, { name, dtype, shape, data: packNumbers(values, dtype) });
  return name;
}
