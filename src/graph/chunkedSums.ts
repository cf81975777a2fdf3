import type { Literal, Node } from './ir.ts';
import type { OnnxNode } from './onnx/model.ts';
import { intAttribute } from './onnx/model.ts';
import { int64Literal } from './ops/helpers.ts';
import { sizeOf } from './shape.ts';

/**
 * A ScatterND with reduction "add" as a chain of short ones. On the CPU, ONNX Runtime shares the updates of one among its threads without a lock
 * (onnxruntime/core/providers/cpu/tensor/scatter_nd.cc), so that two updates of one place can overwrite each other: sums are wrong now and then, and differ
 * from run to run (https://github.com/microsoft/onnxruntime/issues/23396). A loop of less than 210 000 numbers stays in one thread
 * (`CostModel` of include/onnxruntime/core/platform/threadpool.h: 100 000 cycles to start, 100 000 per thread, one per number), and each link of the chain adds into the memory of
 * the one before, so that it costs no copies. A test adds under many threads.
 */
export function chunkedSum(
  written: OnnxNode,
  node: Node<'ScatterAdd'>,
  literal: (literal: Literal) => string,
): readonly OnnxNode[] {
  const [data, indices] = node.inputs;
  const count = indices!.shape[0]!;
  const rows = Math.max(1, Math.floor(mostNumbers / Math.max(1, sizeOf(data!.shape.slice(1)))));
  if (count <= rows) return [written];
  const sizes = Array.from({ length: Math.ceil(count / rows) }, (_, i) => Math.min(rows, count - i * rows));
  const lengths = literal(int64Literal(sizes));
  const output = written.outputs[0]!;
  const made = `%parts of ${output}`;
  const parts = (kind: string) => sizes.map((_, i) => `${made}/${kind}${i}`);
  const split = (kind: string, input: string): OnnxNode => ({
    name: `${written.name}/${kind}`,
    type: 'Split',
    domain: '',
    inputs: [input, lengths],
    outputs: parts(kind),
    attributes: { axis: intAttribute(0) },
  });
  const [, places, added] = written.inputs;
  const links = sizes.map((_, i): OnnxNode => {
    const from = i === 0 ? written.inputs[0]! : `${made}/sum${i - 1}`;
    const to = i === sizes.length - 1 ? output : `${made}/sum${i}`;
    const inputs = [from, parts('places')[i]!, parts('updates')[i]!];
    return { ...written, name: i === sizes.length - 1 ? written.name : `${written.name}/${i}`, inputs, outputs: [to] };
  });
  return [split('places', places!), split('updates', added!), ...links];
}

/** Well below the 210 000 from which on a loop is shared among threads. */
const mostNumbers = 2 ** 17;
