import { type DType, dtypes } from './dtype.ts';
import type { BaseGraph, Node, Value } from './ir.ts';
import { sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/** The most memory that values of a graph take at one time while its nodes are computed one after the other, in bytes. Inputs and constants are not counted. */
export function peakBytes(graph: BaseGraph, outputs: readonly Value[]): number {
  const nodes = nodesBehind(outputs);
  const walk = new Walk(nodes, outputs);
  let live = 0;
  let peak = 0;
  for (const [at, node] of nodes.entries()) {
    live += walk.takenBy(node, at);
    peak = Math.max(peak, live + innerBytes(graph, node));
    live -= walk.freedAfter(at);
  }
  return peak;
}

/** Bytes of one value. */
export function valueBytes({ shape, dtype }: Pick<Value, 'shape' | 'dtype'>): number {
  return sizeOf(shape) * elementBytes(dtype);
}

function elementBytes(dtype: DType): number {
  return dtypes[dtype].bytes;
}

/** Nodes whose output is the memory of their input under another shape or name (ONNX Runtime's kernels with Alias(0, 0)). */
const aliases: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'StopGradient']);

/** Nodes that write over an input of the same size which nobody needs any more (kernels with MayInplace). */
const inPlace: ReadonlySet<string> = new Set([
  'Neg',
  'Exp',
  'Log',
  'Sqrt',
  'Tanh',
  'Sigmoid',
  'Relu',
  'Abs',
  'Reciprocal',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Max',
  'Min',
  'Softmax',
]);

/** Which memory each value has, and when it is given back. */
class Walk {
  /** The value whose memory a value uses, where that is not its own. */
  readonly #home = new Map<Value, Value>();
  readonly #lastUse = new Map<Value, number>();
  readonly #dying = new Map<number, Value[]>();
  readonly #bytes = new Map<Value, number>();

  constructor(nodes: readonly Node[], outputs: readonly Value[]) {
    for (const node of nodes) if (aliases.has(node.op)) this.#home.set(node.outputs[0]!, this.#homeOf(node.inputs[0]!));
    for (const [at, { inputs }] of nodes.entries())
      for (const input of inputs) this.#lastUse.set(this.#homeOf(input), at);
    for (const output of outputs) this.#lastUse.set(this.#homeOf(output), Number.POSITIVE_INFINITY);
  }

  /** Bytes that the node at this place takes anew. */
  takenBy({ op, inputs, outputs }: Node, at: number): number {
    if (aliases.has(op)) return 0;
    const [first] = outputs;
    if (outputs.length === 1 && inPlace.has(op)) {
      const reused = inputs.map((input) => this.#homeOf(input)).find((input) => this.#isFreeFor(input, first!, at));
      if (reused !== undefined) {
        this.#moveTo(reused, first!);
        return 0;
      }
    }
    let bytes = 0;
    for (const output of outputs) {
      const size = valueBytes(output);
      this.#bytes.set(output, size);
      bytes += size;
      this.#planEnd(output, this.#lastUse.get(output) ?? at);
    }
    return bytes;
  }

  freedAfter(at: number): number {
    return (this.#dying.get(at) ?? []).reduce((sum, value) => sum + (this.#bytes.get(value) ?? 0), 0);
  }

  #isFreeFor(input: Value, output: Value, at: number): boolean {
    return this.#lastUse.get(input) === at && this.#bytes.get(input) === valueBytes(output);
  }

  /** The memory of one value becomes another's. */
  #moveTo(from: Value, to: Value): void {
    this.#bytes.set(to, this.#bytes.get(from)!);
    this.#bytes.delete(from);
    this.#planEnd(to, this.#lastUse.get(to) ?? 0);
  }

  #planEnd(value: Value, at: number): void {
    const known = this.#dying.get(at);
    if (known === undefined) this.#dying.set(at, [value]);
    else known.push(value);
  }

  #homeOf(value: Value): Value {
    return this.#home.get(value) ?? value;
  }
}

/** What the body of a scan within the graph takes while it runs. */
function innerBytes(graph: BaseGraph, node: Node): number {
  if (node.op !== 'Scan') return 0;
  const body = graph.bodies[(node.attributes as { readonly body: number }).body]!;
  return peakBytes(body.graph, [...body.state.map(({ next }) => next), ...body.perStep]);
}
