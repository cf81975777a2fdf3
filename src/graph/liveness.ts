import { dtypes } from './dtype.ts';
import type { BaseGraph, Node, Value } from './ir.ts';
import { sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/**
 * The most memory that values of a graph take at one time while its nodes are computed one after the other, in bytes. Inputs and constants are not counted. As ONNX
 * Runtime plans it (onnxruntime/core/framework/allocation_planner.cc): a value takes the place of one of the same shape and type that nobody needs any more, and
 * a place is kept from its first value to the end of its last, also while it is empty between two of them. What is `placed` is written to memory of the caller's,
 * which is not counted either.
 */
export function peakBytes(graph: BaseGraph, outputs: readonly Value[], placed: readonly Value[] = []): number {
  const nodes = nodesBehind(outputs);
  const places = placesOf(nodes, outputs, new Set(placed));
  const changes = new Float64Array(nodes.length + 2);
  for (const { bytes, from, to } of places) {
    changes[from]! += bytes;
    changes[Math.min(to, nodes.length) + 1]! -= bytes;
  }
  let live = 0;
  let peak = 0;
  for (const [at, node] of nodes.entries()) {
    live += changes[at]!;
    peak = Math.max(peak, live + innerBytes(graph, node));
  }
  return peak;
}

/** Bytes of one value. */
export function valueBytes({ shape, dtype }: Pick<Value, 'shape' | 'dtype'>): number {
  return sizeOf(shape) * dtypes[dtype].bytes;
}

/** A piece of memory that values take one after another. */
interface Place {
  readonly bytes: number;
  /** Index of the node that takes it first. */
  readonly from: number;
  /** Index of the node behind which nobody needs it any more; infinite for what is given out. */
  to: number;
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

function placesOf(nodes: readonly Node[], outputs: readonly Value[], placed: ReadonlySet<Value>): readonly Place[] {
  const planning = new Planning(new Lives(nodes, outputs), placed);
  for (const [at, node] of nodes.entries()) planning.visit(node, at);
  return planning.places;
}

/** Gives every value a place while the nodes are gone through. */
class Planning {
  readonly places: Place[] = [];
  readonly #lives: Lives;
  readonly #placed: ReadonlySet<Value>;
  readonly #placeOf = new Map<Value, Place>();
  /** Places whose value nobody needs any more, by shape and type. */
  readonly #empty = new Map<string, Place[]>();

  constructor(lives: Lives, placed: ReadonlySet<Value>) {
    this.#lives = lives;
    this.#placed = placed;
  }

  visit(node: Node, at: number): void {
    const made = aliases.has(node.op) ? [] : node.outputs.filter((output) => !this.#placed.has(output));
    for (const output of made) this.#place(node, at, output);
    for (const value of this.#lives.endingAt(at)) this.#leave(value);
  }

  #place(node: Node, at: number, output: Value): void {
    const place =
      this.#overwritten(node, at, output) ?? this.#empty.get(kindOf(output))?.pop() ?? this.#newPlace(output, at);
    this.#placeOf.set(output, place);
    place.to = this.#lives.endOf(output);
  }

  #overwritten(node: Node, at: number, output: Value): Place | undefined {
    const over = inPlace.has(node.op) ? this.#lives.dyingInput(node, at, output) : undefined;
    if (over === undefined) return undefined;
    const place = this.#placeOf.get(over);
    this.#placeOf.delete(over);
    return place;
  }

  #newPlace(output: Value, at: number): Place {
    const place = { bytes: valueBytes(output), from: at, to: at };
    this.places.push(place);
    return place;
  }

  #leave(value: Value): void {
    const place = this.#placeOf.get(value);
    if (place === undefined) return;
    const known = this.#empty.get(kindOf(value));
    if (known === undefined) this.#empty.set(kindOf(value), [place]);
    else known.push(place);
  }
}

function kindOf({ shape, dtype }: Value): string {
  return `${dtype}|${shape.join()}`;
}

/** Until when values are needed, those under another name included. */
class Lives {
  /** The value whose memory a value uses, where that is not its own. */
  readonly #home = new Map<Value, Value>();
  readonly #end = new Map<Value, number>();
  readonly #ending = new Map<number, Value[]>();

  constructor(nodes: readonly Node[], outputs: readonly Value[]) {
    for (const [at, { op, inputs, outputs: made }] of nodes.entries()) {
      if (aliases.has(op)) this.#home.set(made[0]!, this.#homeOf(inputs[0]!));
      else for (const each of made) this.#end.set(each, at);
      for (const input of inputs) this.#end.set(this.#homeOf(input), at);
    }
    for (const output of outputs) this.#end.set(this.#homeOf(output), Number.POSITIVE_INFINITY);
    for (const [value, at] of this.#end) {
      const known = this.#ending.get(at);
      if (known === undefined) this.#ending.set(at, [value]);
      else known.push(value);
    }
  }

  /** The index of the node that uses a value last. */
  endOf(value: Value): number {
    return this.#end.get(value)!;
  }

  endingAt(at: number): readonly Value[] {
    return this.#ending.get(at) ?? [];
  }

  /** An input of this node that has the output's size and is needed by nobody else. */
  dyingInput({ inputs, outputs }: Node, at: number, output: Value): Value | undefined {
    if (outputs.length > 1) return undefined;
    return inputs
      .map((input) => this.#homeOf(input))
      .find((home) => home.node !== null && this.#end.get(home) === at && valueBytes(home) === valueBytes(output));
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
