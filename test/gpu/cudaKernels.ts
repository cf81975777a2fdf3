// Whether CUDA has a kernel for every node of a model, as far as ONNX Runtime's own list of kernels tells.
import { readFileSync } from 'node:fs';
import { type DType, dtypeOfCode } from '../../src/graph/dtype.ts';
import type { OnnxGraph, OnnxModel, OnnxNode } from '../../src/graph/onnx/model.ts';

/** An operator at one operator set: letters (`T`) stand for types, a name with dots for any number of parameters. */
interface Form {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What the standard allows for each letter. */
  readonly types: Readonly<Record<string, readonly DType[]>>;
  /** What each kernel that serves this version takes for its letters. */
  readonly kernels: readonly Readonly<Record<string, readonly DType[]>>[];
}

export interface KernelTable {
  readonly operators: Readonly<Record<string, Readonly<Record<string, Form>>>>;
}

/** test/fixtures/cuda/record.py says where it comes from. */
export const cudaKernels = JSON.parse(
  readFileSync(new URL('../fixtures/cuda/kernels.json', import.meta.url), 'utf8'),
) as KernelTable;

/**
 * Inputs that kernels of CUDA want in the memory of the CPU (`InputMemoryType(OrtMemTypeCPUInput, …)` in onnxruntime/core/providers/cuda, 1.26). A constant is put
 * there once; a value that was computed on the device would be copied back in the middle of a step.
 */
const inputsOnCpu: Readonly<Record<string, readonly number[]>> = {
  ConstantOfShape: [0],
  CumSum: [1],
  Dropout: [1, 2],
  Expand: [1],
  If: [0],
  Loop: [0, 1],
  OneHot: [1, 2],
  Pad: [1, 2, 3],
  Range: [0, 1, 2],
  ReduceMax: [1],
  ReduceMean: [1],
  ReduceMin: [1],
  ReduceSum: [1],
  Reshape: [1],
  Resize: [1, 2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Tile: [1],
  TopK: [1],
  Trilu: [1],
  Unsqueeze: [1],
};

/** Operators whose result lies in the memory of the CPU (`OutputMemoryType`): what hangs on it is computed there too. */
const outputsOnCpu: ReadonlySet<string> = new Set(['Shape', 'Size', 'SequenceLength']);

/** Sentences about nodes that would not run on the device, or would wait for the CPU; empty where there is none. */
export function offDevice({ graph, opsets }: OnnxModel, table: KernelTable = cudaKernels): readonly string[] {
  const opset = opsets.find(({ domain }) => domain === '')!.version;
  const found: string[] = [];
  look(graph, { table, opset, types: new Map(), constants: new Set(), found });
  return found;
}

interface Look {
  readonly table: KernelTable;
  readonly opset: number;
  /** Types of the values that a graph sees. */
  readonly types: Map<string, DType>;
  readonly constants: Set<string>;
  readonly found: string[];
}

function look(graph: OnnxGraph, outer: Look): readonly DType[] {
  const inside: Look = { ...outer, types: new Map(outer.types), constants: new Set(outer.constants) };
  for (const { name, dtype } of graph.inputs) {
    inside.types.set(name, dtype);
    inside.constants.delete(name);
  }
  for (const { name, dtype } of graph.initializers) {
    inside.types.set(name, dtype);
    inside.constants.add(name);
  }
  for (const node of graph.nodes) lookAt(node, inside);
  return graph.outputs.map(({ name }) => inside.types.get(name)!);
}

function lookAt(node: OnnxNode, inside: Look): void {
  const { table, opset, types, constants, found } = inside;
  const say = (what: string) => found.push(`${node.name} (${node.type}): ${what}`);
  const body = node.attributes['body'];
  const bodyOutputs = body?.kind === 'graph' ? look(body.value, inside) : undefined;
  const form = table.operators[node.type]?.[String(opset)];
  if (form === undefined || node.domain !== '') {
    say(`no kernel is known of at operator set ${opset}`);
    return;
  }
  const letters = lettersOf(node, form, types);
  for (const [letter, given] of letters) {
    const allowed = form.types[letter];
    if (allowed !== undefined && !given.every((type) => allowed.includes(type))) {
      say(`operator set ${opset} has it not for ${letter} = ${given.join(', ')}`);
    }
  }
  const serves = (kernel: Form['kernels'][number]) =>
    [...letters].every(([letter, given]) =>
      given.every((type) => (kernel[letter] ?? form.types[letter])?.includes(type)),
    );
  if (!form.kernels.some(serves)) {
    say(`no kernel for ${[...letters].map(([letter, given]) => `${letter} = ${given.join(', ')}`).join('; ')}`);
  }
  if (outputsOnCpu.has(node.type)) say('its result lies on the CPU');
  for (const at of inputsOnCpu[node.type] ?? []) {
    const name = node.inputs[at] ?? '';
    if (name !== '' && !constants.has(name)) say(`input ${at} must lie on the CPU and is computed`);
  }
  node.outputs.forEach((name, i) => {
    if (name !== '') types.set(name, outputType(node, form, letters, bodyOutputs, i));
  });
}

/** The types that each letter of the signature stands for in a node. */
function lettersOf(node: OnnxNode, form: Form, types: ReadonlyMap<string, DType>): Map<string, DType[]> {
  const letters = new Map<string, DType[]>();
  node.inputs.forEach((name, i) => {
    if (name === '') return;
    const parameter = parameterAt(form.inputs, i);
    const type = types.get(name);
    if (type === undefined) throw new Error(`The type of "${name}" is not known at ${node.name}.`);
    const known = letters.get(parameter) ?? [];
    if (!known.includes(type)) letters.set(parameter, [...known, type]);
  });
  // A parameter of a fixed type is no letter.
  for (const [letter] of letters) if (form.types[letter] === undefined) letters.delete(letter);
  // The type of what a norm gives beside its result is an attribute that nobody sets: float32.
  if (node.type === 'LayerNormalization') letters.set('U', ['float32']);
  const to = node.type === 'Cast' ? node.attributes['to'] : undefined;
  if (to?.kind === 'int') letters.set(parameterAt(form.outputs, 0), [dtypeOfCode(to.value)!]);
  return letters;
}

function parameterAt(parameters: readonly string[], index: number): string {
  return (parameters[Math.min(index, parameters.length - 1)] ?? '').replace('...', '');
}

function outputType(
  node: OnnxNode,
  form: Form,
  letters: ReadonlyMap<string, readonly DType[]>,
  body: readonly DType[] | undefined,
  index: number,
): DType {
  if (body !== undefined) return body[index]!;
  const parameter = parameterAt(form.outputs, index);
  const [type, ...others] = letters.get(parameter) ?? form.types[parameter] ?? [parameter as DType];
  if (type === undefined || others.length > 0)
    throw new Error(`The type of output ${index} of ${node.name} is not known.`);
  return type;
}
