import { type DType, unpackNumbers } from '../dtype.ts';
import type { BaseGraph, Value } from '../ir.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../onnx/model.ts';
import { refuse } from '../shape.ts';
import { knownNumbers } from './knownNumbers.ts';

type Kind = OnnxAttribute['kind'];
type ValueOf<K extends Kind> = Extract<OnnxAttribute, { kind: K }>['value'];

/** A node of a file that is being brought into a graph: its attributes by type, and its inputs as values that exist already. */
export class ImportedNode {
  readonly graph: BaseGraph;
  readonly type: string;
  /** Version of the operator set that the model was written for. */
  readonly opset: number;
  readonly #node: OnnxNode;
  readonly #inputs: readonly (Value | undefined)[];

  constructor(graph: BaseGraph, node: OnnxNode, inputs: readonly (Value | undefined)[], opset: number) {
    this.graph = graph;
    this.type = node.type;
    this.opset = opset;
    this.#node = node;
    this.#inputs = inputs;
  }

  /** How many outputs the file names. */
  get outputCount(): number {
    return this.#node.outputs.length;
  }

  get inputs(): readonly Value[] {
    return this.#inputs.filter((input) => input !== undefined);
  }

  /** Whether the file uses an output. */
  wants(output: number): boolean {
    return (this.#node.outputs[output] ?? '') !== '';
  }

  /** An input that must be there. */
  value(index: number): Value {
    const value = this.#inputs[index];
    if (value === undefined) throw this.refusal(`has no input ${index}`);
    return value;
  }

  /** An input that may be left out. */
  optional(index: number): Value | undefined {
    return this.#inputs[index];
  }

  /** The numbers of an input that must be known while the graph is built, such as a target shape; undefined where it is left out. */
  known(index: number, what: string): readonly number[] | undefined {
    const value = this.#inputs[index];
    if (value === undefined) return undefined;
    const numbers = knownNumbers(value);
    if (numbers === undefined) throw this.refusal(`computes its ${what} from data, so that shapes would not be fixed`);
    return Array.from(numbers);
  }

  /** Numbers that older operator sets keep in an attribute and newer ones in an input. */
  knownOrInts(index: number, attribute: string): readonly number[] | undefined {
    return this.known(index, attribute) ?? this.attribute(attribute, 'ints');
  }

  attribute<K extends Kind>(name: string, kind: K): ValueOf<K> | undefined {
    const found = Object.hasOwn(this.#node.attributes, name) ? this.#node.attributes[name] : undefined;
    if (found === undefined) return undefined;
    if (found.kind !== kind) throw this.refusal(`has an attribute "${name}" of the wrong type`);
    return found.value as ValueOf<K> | undefined;
  }

  int(name: string, otherwise: number): number {
    return this.attribute(name, 'int') ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name, 'float') ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return this.attribute(name, 'string') ?? otherwise;
  }

  /** A tensor as a constant of the graph. */
  constant(tensor: OnnxTensor): Value {
    return constantOf(tensor, this.graph);
  }

  /** What cannot be imported, with the name of the node, so that a person finds it in a viewer. */
  refusal(why: string, hint?: string): Error {
    const name = this.#node.name === '' ? this.#node.outputs[0] : this.#node.name;
    return refuse(`${this.type} "${name}" ${why}.`, hint);
  }
}

/** A tensor of a file as a constant. The largest and smallest int64, which stand for "to the end" in slices, come as near as a number can. */
export function constantOf({ dtype, shape, data }: OnnxTensor, graph: BaseGraph): Value {
  return graph.constant(numbersOf[dtype]?.(data) ?? unpackNumbers(data, dtype), shape, dtype);
}

const numbersOf: { readonly [D in DType]?: (data: Uint8Array) => ArrayLike<number> } = {
  int64: nearInt64,
  // Copied, since the bytes of a file lie at any place and an array of floats only at multiples of four. ONNX and every machine that Node runs on are little-endian.
  float32: (data) => new Float32Array(new Uint8Array(data).buffer),
};

function nearInt64(data: Uint8Array): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from({ length: data.byteLength / 8 }, (_, i) => {
    const value = Number(view.getBigInt64(i * 8, true));
    return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  });
}
