import { chunkedSum } from './chunkedSums.ts';
import { packNumbers } from './dtype.ts';
import { nodeOf } from './inspect.ts';
import type { BaseGraph, Literal, Node, OnnxForm, OpDefinition, Value } from './ir.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnx/model.ts';
import { opTable } from './ops/table.ts';
import { refuse, sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/** What a lowered graph takes and gives. */
export interface Interface {
  readonly name: string;
  /** What names made up here begin with behind "%", so that those of a body differ from those of the graph round it. */
  readonly prefix?: string;
  /** The device adds to one place by atomic operations, so that a sum of rows may be one node; see `chunkedSum`. */
  readonly atomicSums?: boolean;
  /** Inputs in their order, under the names that they get. */
  readonly inputs: readonly (readonly [name: string, value: Value])[];
  /** Inputs of an enclosing graph, under the names that they have there. */
  readonly outer?: readonly (readonly [name: string, value: Value])[];
  readonly outputs: readonly (readonly [name: string, value: Value])[];
}

/**
 * The nodes that the outputs depend on, as an ONNX graph. Names made up here begin with "%", so that they cannot meet the caller's.
 * An output is written under its own name by the node that computes it; only where that is impossible (it is an input, a constant or
 * an output already) is it copied, since a copy of loop-carried state costs time.
 */
export function lowerGraph(graph: BaseGraph, face: Interface): OnnxGraph {
  const lowering = new Lowering(face.prefix ?? '', face.atomicSums ?? false);
  for (const [name, value] of [...face.inputs, ...(face.outer ?? [])]) lowering.name(value, name);
  const copies = face.outputs.filter(([name, value]) => !lowering.claim(value, name));
  const values = face.outputs.map(([, value]) => value);
  for (const [node, form] of writtenNodes(values)) lowering.add(node, form);
  for (const [name, value] of copies) lowering.copy(value, name);
  const missing = lowering.unnamedInputs(graph);
  if (missing.length > 0) {
    throw refuse(`The graph needs the inputs ${missing.join(', ')}, which the model does not declare.`);
  }
  return {
    name: face.name,
    nodes: lowering.nodes,
    initializers: lowering.initializers,
    inputs: face.inputs.map(([name, value]) => valueInfo(name, value)),
    outputs: face.outputs.map(([name, value]) => valueInfo(name, value)),
  };
}

/** Name, type and shape of a value at the border of a graph. */
export function valueInfo(name: string, { dtype, shape }: Value): OnnxValueInfo {
  return { name, dtype, shape };
}

/** The inputs of a graph that the outputs depend on, in the order of their making. */
export function usedInputs(graph: BaseGraph, outputs: readonly Value[]): readonly Value[] {
  const used = new Set(nodesBehind(outputs).flatMap((node) => node.inputs));
  for (const output of outputs) used.add(output);
  return graph.inputs.filter((input) => used.has(input));
}

/** The name under which an input is fed. */
export function inputName(value: Value): string {
  if (value.source.kind !== 'input') throw refuse('Only inputs of the graph have a name.');
  return value.source.name;
}

class Lowering {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<Value, string>();
  readonly #literals = new Map<string, string>();
  readonly #missing = new Set<Value>();
  readonly #prefix: string;
  readonly #atomicSums: boolean;

  constructor(prefix: string, atomicSums: boolean) {
    this.#prefix = prefix;
    this.#atomicSums = atomicSums;
  }

  name(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  /** Lets the node that computes a value write it under an output's name. False where the value has a name already or no node. */
  claim(output: Value, name: string): boolean {
    const value = withoutTraceless(output);
    if (value.node === null || this.#names.has(value)) return false;
    this.#names.set(value, name);
    return true;
  }

  add(node: Node, form: OnnxForm): void {
    const written = {
      name: nodeName(node, form.type),
      type: form.type,
      domain: form.domain ?? '',
      inputs: form.inputs.map((input) => this.#inputName(input)),
      outputs: (form.outputs ?? node.outputs).map((output) => (output === null ? '' : this.#nameOf(output))),
      attributes: { ...form.attributes, ...(form.body === undefined ? {} : this.#body(node, form.body)) },
      ...neededOpset(node),
      ...convolutionFacts(node),
      ...columnSumFacts(node),
    };
    const sum = this.#atomicSums ? null : nodeOf(node.outputs[0]!, 'ScatterAdd');
    if (sum === null) this.nodes.push(written);
    else this.nodes.push(...chunkedSum(written, sum, (literal) => this.#literalName(literal)));
  }

  /** A body sees values outside by the names that they have there. */
  #body({ id }: Node, { of, captured }: NonNullable<OnnxForm['body']>): Readonly<Record<string, OnnxAttribute>> {
    const prefix = `${this.#prefix}${id}.`;
    const named = (kind: string, values: readonly Value[]) =>
      values.map((value, i) => [`%${prefix}${kind}${i}`, value] as const);
    const value = lowerGraph(of.graph, {
      name: `body of ${id}`,
      prefix,
      atomicSums: this.#atomicSums,
      inputs: named('in', [...of.state.map(({ input }) => input), ...of.sequence]),
      outer: of.constants.map((input, i) => [this.#nameOf(captured[i]!), input] as const),
      outputs: named('out', [...of.state.map(({ next }) => next), ...of.perStep]),
    });
    return { body: { kind: 'graph', value } };
  }

  copy(value: Value, name: string): void {
    const inputs = [this.#nameOf(value)];
    this.nodes.push({ name: `copy ${name}`, type: 'Identity', domain: '', inputs, outputs: [name], attributes: {} });
  }

  unnamedInputs(graph: BaseGraph): readonly string[] {
    return graph.inputs.filter((input) => this.#missing.has(input)).map((input) => `"${inputName(input)}"`);
  }

  #inputName(input: Value | Literal | null): string {
    if (input === null) return '';
    return 'graph' in input ? this.#nameOf(input) : this.#literalName(input);
  }

  #nameOf(given: Value): string {
    const value = withoutTraceless(given);
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = `%${this.#prefix}${value.id}`;
    this.#names.set(value, name);
    if (value.source.kind === 'input') this.#missing.add(value);
    if (value.source.kind === 'constant') {
      this.initializers.push({ name, dtype: value.dtype, shape: value.shape, data: value.source.data });
    }
    return name;
  }

  #literalName(literal: Literal): string {
    const key = `${literal.dtype}|${literal.shape.join()}|${literal.values.join()}`;
    const known = this.#literals.get(key);
    if (known !== undefined) return known;
    const name = `%${this.#prefix}literal${this.#literals.size}`;
    this.#literals.set(key, name);
    const data = packNumbers(literal.values, literal.dtype);
    this.initializers.push({ name, dtype: literal.dtype, shape: literal.shape, data });
    return name;
  }
}

/**
 * The nodes that the model needs for these values, with their forms. Some nodes have inputs that only their derivatives look at; what is computed for
 * those alone is left out, since ONNX Runtime would compute it too and keep what it comes from until then.
 */
function writtenNodes(values: readonly Value[]): readonly (readonly [Node, OnnxForm])[] {
  const wanted = new Set(values);
  const written: (readonly [Node, OnnxForm])[] = [];
  for (const node of [...nodesBehind(values)].reverse()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    if (leavesNoTrace(node)) wanted.add(node.inputs[0]!);
    else {
      const form = onnxForm(node);
      for (const input of [...form.inputs, ...(form.body?.captured ?? [])]) {
        if (input !== null && 'graph' in input) wanted.add(input);
      }
      written.push([node, form]);
    }
  }
  return written.reverse();
}

/** The value behind operations that leave no trace in the model. */
function withoutTraceless(value: Value): Value {
  let behind = value;
  while (behind.node !== null && leavesNoTrace(behind.node)) behind = behind.node.inputs[0]!;
  return behind;
}

/** stopGradient() is for derivation only, and a Split into one part, as a pack of one parameter has it, would be a copy. */
function leavesNoTrace({ op, inputs, outputs }: Node): boolean {
  return op === 'StopGradient' || (op === 'Split' && outputs.length === 1 && inputs.length === 1);
}

function onnxForm(node: Node): OnnxForm {
  if (node.op === 'Split' && node.inputs.length === 0) {
    throw refuse(
      'A parameter pack was used before its flat vector was asked for.',
      'Read pack.flat once all parameters are declared.',
    );
  }
  const definition = opTable[node.op] as unknown as OpDefinition<Node['op']>;
  return definition.onnx?.(node) ?? { type: node.op, inputs: node.inputs };
}

/** Convolutions of bfloat16 came with operator set 22 (https://onnx.ai/onnx/operators/onnx__Conv.html); of all that is written here they alone are so young. */
function neededOpset({ op, inputs }: Node): { readonly opset?: number } {
  return op === 'Conv' && inputs[0]!.dtype === 'bfloat16' ? { opset: 22 } : {};
}

/** What `withBlockedConvolutions` has to know. */
function convolutionFacts(node: Node): Pick<OnnxNode, 'convolution'> {
  const found = nodeOf(node.outputs[0]!, 'Conv');
  const [x, w] = node.inputs;
  if (found === null || x!.dtype !== 'float32') return {};
  const places = node.outputs[0]!.shape.slice(2);
  return { convolution: { weights: w!.shape, places, groups: found.attributes.groups } };
}

function columnSumFacts(node: Node): Pick<OnnxNode, 'columnSum'> {
  const found = nodeOf(node.outputs[0]!, 'ReduceSum');
  const [x] = node.inputs;
  if (found === null || x!.dtype !== 'float32') return {};
  const { axes } = found.attributes;
  const isLeading = axes.length > 0 && axes.length < x!.rank && axes.every((axis, i) => axis === i);
  if (!isLeading) return {};
  const [summed, left] = [x!.shape.slice(0, axes.length), x!.shape.slice(axes.length)];
  return { columnSum: { rows: sizeOf(summed), columns: sizeOf(left), rank: x!.rank, shape: node.outputs[0]!.shape } };
}

function nodeName(node: Node, type: string): string {
  return node.scope === '' ? `${type}_${node.id}` : `${node.scope}/${type}_${node.id}`;
}
