import { packNumbers, unpackNumbers } from '../dtype.ts';
import { makeNode } from './makeNode.ts';
import { intAttribute, type OnnxAttribute, type OnnxGraph, type OnnxNode, type OnnxTensor } from './model.ts';

/**
 * The same graph with int32 in place of int64 wherever whole numbers are only moved, compared, added or used as places: labels and tokens. ONNX Runtime's
 * WebGPU provider has no other whole numbers (onnxruntime/core/providers/webgpu/webgpu_supported_types.h) and would compute these nodes on the CPU, with a copy there
 * and back in the middle of the step. Numbers that are multiplied stay as they are, since products may need 64 bits (the generator of random numbers), and so do
 * what bodies of loops see and the graph's outputs. Inputs that are narrowed are declared as int32.
 */
export function withNarrowIntegers(graph: OnnxGraph): OnnxGraph {
  const groups = new Groups();
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  markInt64(graph, constants, groups);
  for (const { name } of graph.outputs) groups.keep(name);
  for (const node of graph.nodes) judge(node, constants, groups);
  const narrowing = new Narrowing(constants, groups);
  const nodes = graph.nodes.flatMap((node) => narrowing.rewrite(node));
  const inputs = graph.inputs.map((input) =>
    groups.isNarrow(input.name) ? { ...input, dtype: 'int32' as const } : input,
  );
  return { ...graph, inputs, nodes, initializers: [...graph.initializers, ...narrowing.made] };
}

/** How an operator treats whole numbers: `same` are the inputs of one type, to which the output belongs where `keeps`; `places` are inputs that may have a type of their own. */
interface Treatment {
  readonly same: readonly number[] | 'all';
  readonly keeps: boolean;
  readonly places?: readonly number[];
  /** Inputs that ONNX has as int64 only. */
  readonly wide?: readonly number[];
}

const moved: Treatment = { same: [0], keeps: true };
const compared: Treatment = { same: [0, 1], keeps: false };
const added: Treatment = { same: [0, 1], keeps: true };

/** Operators that only move, compare or add numbers; what is not here keeps its int64. */
const treatments: Readonly<Record<string, Treatment>> = {
  Add: added,
  ArgMax: { same: [], keeps: true },
  Cast: { same: [], keeps: true, places: [0] },
  Concat: { same: 'all', keeps: true },
  Equal: compared,
  Expand: moved,
  Gather: { same: [0], keeps: true, places: [1] },
  GatherElements: { same: [0], keeps: true, places: [1] },
  Greater: compared,
  GreaterOrEqual: compared,
  Identity: moved,
  Less: compared,
  LessOrEqual: compared,
  Range: { same: [0, 1, 2], keeps: true },
  Reshape: moved,
  ScatterElements: { same: [0, 2], keeps: true, places: [1] },
  ScatterND: { same: [0, 2], keeps: true, wide: [1] },
  Slice: moved,
  Split: moved,
  Squeeze: moved,
  Sub: added,
  Transpose: moved,
  Unsqueeze: moved,
  Where: { same: [1, 2], keeps: true },
};

/** A list of places is part of the model. */
const mostPicked = 1e6;

const int64Code = 7;
const int32Code = 6;

/** Values of one type by the nodes between them; a group stays wide when one of them must. */
class Groups {
  readonly #parent = new Map<string, string>();
  readonly #wide = new Set<string>();

  /** Makes known that a value is int64. */
  add(name: string): void {
    if (!this.#parent.has(name)) this.#parent.set(name, name);
  }

  has(name: string): boolean {
    return this.#parent.has(name);
  }

  join(a: string, b: string): void {
    const [one, other] = [this.#root(a), this.#root(b)];
    if (one === other) return;
    this.#parent.set(one, other);
    if (this.#wide.delete(one)) this.#wide.add(other);
  }

  keep(name: string): void {
    if (this.has(name)) this.#wide.add(this.#root(name));
  }

  isNarrow(name: string): boolean {
    return this.has(name) && !this.#wide.has(this.#root(name));
  }

  #root(name: string): string {
    const parent = this.#parent.get(name)!;
    if (parent === name) return name;
    const root = this.#root(parent);
    this.#parent.set(name, root);
    return root;
  }
}

type Constants = ReadonlyMap<string, OnnxTensor>;

/** Finds the int64 values that are no constants, in the order of the nodes. What operators outside of the table give is not known to be int64, and stays. */
function markInt64(graph: OnnxGraph, constants: Constants, groups: Groups): void {
  for (const { name, dtype } of graph.inputs) if (dtype === 'int64') groups.add(name);
  const isInt64 = (name: string) => groups.has(name) || constants.get(name)?.dtype === 'int64';
  for (const node of graph.nodes) if (givesInt64(node, isInt64)) for (const name of node.outputs) groups.add(name);
}

function givesInt64(node: OnnxNode, isInt64: (name: string) => boolean): boolean {
  if (node.type === 'Cast') return integerOf(node.attributes['to']) === int64Code;
  if (node.type === 'ArgMax') return true;
  const treatment = treatments[node.type];
  if (treatment === undefined) return multiplied.has(node.type) && node.inputs.some(isInt64);
  return treatment.keeps && sameInputs(node, treatment).some(isInt64);
}

/** What else gives whole numbers for whole numbers; it keeps its group wide. */
const multiplied = new Set(['Mul', 'Div', 'Mod', 'Pow', 'Neg', 'Abs', 'Max', 'Min', 'ReduceSum', 'ReduceMax', 'Pad']);

/** Joins what must have one type, and keeps wide what a node cannot take otherwise. */
function judge(node: OnnxNode, constants: Constants, groups: Groups): void {
  const treatment = treatments[node.type];
  for (const name of namesInBodies(node)) groups.keep(name);
  if (treatment === undefined) {
    for (const name of [...node.inputs, ...node.outputs]) groups.keep(name);
    return;
  }
  const same = sameInputs(node, treatment);
  const outputs = treatment.keeps ? node.outputs.filter((name) => groups.has(name)) : [];
  const values = [...same.filter((name) => groups.has(name)), ...outputs];
  const [first, ...others] = values;
  if (first === undefined) return;
  for (const other of others) groups.join(first, other);
  if (same.some((name) => !fits(constants.get(name)))) groups.keep(first);
}

function sameInputs({ inputs }: OnnxNode, { same }: Treatment): readonly string[] {
  return same === 'all' ? inputs : same.flatMap((i) => inputs[i] ?? []);
}

/** Whether a constant's numbers have a place in int32; what is no constant has. */
function fits(tensor: OnnxTensor | undefined): boolean {
  if (tensor?.dtype !== 'int64') return true;
  return unpackNumbers(tensor.data, 'int64').every((value) => Math.abs(value) < 2 ** 31);
}

function namesInBodies({ attributes }: OnnxNode): readonly string[] {
  return Object.values(attributes).flatMap((attribute) =>
    attribute.kind === 'graph'
      ? attribute.value.nodes.flatMap((inner) => [...inner.inputs, ...namesInBodies(inner)])
      : [],
  );
}

class Narrowing {
  /** Constants as int32. */
  readonly made: OnnxTensor[] = [];
  readonly #constants: Constants;
  readonly #groups: Groups;
  readonly #copies = new Map<string, string>();

  constructor(constants: Constants, groups: Groups) {
    this.#constants = constants;
    this.#groups = groups;
  }

  rewrite(node: OnnxNode): readonly OnnxNode[] {
    const treatment = treatments[node.type];
    if (treatment === undefined) return [node];
    const touched = [...sameInputs(node, treatment), ...node.outputs];
    const isNarrow = touched.some((name) => this.#groups.isNarrow(name));
    const before: OnnxNode[] = [];
    const inputs = node.inputs.map((name, i) => {
      if (treatment.wide?.includes(i) && this.#groups.isNarrow(name)) return this.#widened(node, name, before);
      const isData = treatment.same === 'all' || treatment.same.includes(i);
      return isNarrow && isData ? this.#narrowConstant(name) : name;
    });
    if (!isNarrow) return [...before, { ...node, inputs }];
    if (node.type === 'Cast') {
      return [{ ...node, attributes: { ...node.attributes, to: intAttribute(int32Code) } }];
    }
    if (node.type === 'ArgMax') return narrowedOutput(node);
    const narrow = { ...node, inputs };
    return [...before, ...(node.type === 'Slice' ? this.#picked(narrow) : [narrow])];
  }

  /** A Slice of int32 has no kernel, a Gather by known places has. What ends where the axis does, or goes in steps, stays a Slice. */
  #picked(node: OnnxNode): readonly OnnxNode[] {
    const [data, ...bounds] = node.inputs as readonly [string, ...string[]];
    const [starts, ends, axes] = bounds.map((name) => this.#numbers(name));
    const isPlain = starts !== undefined && ends !== undefined && axes !== undefined && bounds.length === 3;
    if (!isPlain || ends.some((end, i) => end > mostPicked || starts[i]! < 0 || end <= starts[i]!)) return [node];
    let from = data;
    return starts.map((start, i) => {
      const places = `%places/${i}/${node.name}`;
      const indices = Array.from({ length: ends[i]! - start }, (_, place) => start + place);
      this.made.push({ name: places, dtype: 'int32', shape: [indices.length], data: packNumbers(indices, 'int32') });
      const isLast = i === starts.length - 1;
      const output = isLast ? node.outputs[0]! : `%picked/${i}/${node.name}`;
      const name = isLast ? node.name : `${node.name}/${i}`;
      const gather = makeNode('Gather', name, [from, places], { output, attributes: { axis: intAttribute(axes[i]!) } });
      from = output;
      return gather;
    });
  }

  #numbers(name: string): readonly number[] | undefined {
    const tensor = this.#constants.get(name);
    return tensor === undefined ? undefined : [...unpackNumbers(tensor.data, tensor.dtype)];
  }

  #widened(node: OnnxNode, name: string, before: OnnxNode[]): string {
    const output = `%wide/${before.length}/${node.name}`;
    before.push(castNode(output, name, int64Code));
    return output;
  }

  #narrowConstant(name: string): string {
    const tensor = this.#constants.get(name);
    if (tensor?.dtype !== 'int64') return name;
    const known = this.#copies.get(name);
    if (known !== undefined) return known;
    const copy = `%narrow/${name}`;
    const data = packNumbers(unpackNumbers(tensor.data, 'int64'), 'int32');
    this.made.push({ name: copy, dtype: 'int32', shape: tensor.shape, data });
    this.#copies.set(name, copy);
    return copy;
  }
}

/**
 * ArgMax gives int64 whatever it gets, and no Cast from it has a kernel; a Gather takes it as a place. So its number is looked up among the places of the axis,
 * which are known when ONNX Runtime folds constants.
 */
function narrowedOutput(node: OnnxNode): readonly OnnxNode[] {
  const [input] = node.inputs as readonly [string];
  const [output] = node.outputs as readonly [string];
  const axis = integerOf(node.attributes['axis']) ?? 0;
  const made = (part: string) => `%${part}/${node.name}`;
  const scalar = (part: string, value: number) => {
    const tensor = { name: '', dtype: 'int32', shape: [], data: packNumbers([value], 'int32') } as const;
    return makeNode('Constant', made(part), [], { attributes: { value: { kind: 'tensor', value: tensor } } });
  };
  const slot = { start: intAttribute(axis), ...(axis === -1 ? {} : { end: intAttribute(axis + 1) }) };
  return [
    { ...node, outputs: [made('wide')] },
    makeNode('Shape', made('size'), [input], { attributes: slot }),
    makeNode('Squeeze', made('length'), [made('size')]),
    castNode(made('count'), made('length'), int32Code),
    scalar('zero', 0),
    scalar('one', 1),
    makeNode('Range', made('places'), [made('zero'), made('count'), made('one')]),
    makeNode('Gather', made('narrow'), [made('places'), made('wide')], { output }),
  ];
}

function castNode(name: string, input: string, code: number): OnnxNode {
  return makeNode('Cast', name, [input], { attributes: { to: intAttribute(code) } });
}

function integerOf(attribute: OnnxAttribute | undefined): number | undefined {
  return attribute?.kind === 'int' ? attribute.value : undefined;
}
