import { AppError } from '../../base/errors.ts';
import { isFloating } from '../dtype.ts';
import { Graph } from '../graph.ts';
import type { BaseGraph, Value } from '../ir.ts';
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../onnx/model.ts';
import type { Shape } from '../shape.ts';
import { constantOf, ImportedNode } from './importedNode.ts';
import type { Importers } from './importer.ts';
import { knownNumbers } from './knownNumbers.ts';
import { elementwiseImporters } from './ops/elementwise.ts';
import { layerImporters } from './ops/layers.ts';
import { movementImporters } from './ops/movement.ts';
import { reductionImporters } from './ops/reductions.ts';

/** Operator sets whose meaning the importers know. */
const oldestOpset = 11;
const newestOpset = 21;

export interface ImportOptions {
  /** Sizes of the dimensions that the model leaves open, by name: `{batch: 8}`. Unnamed ones go by `INPUT.AXIS`. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** Values that take the place of inputs, so that the model becomes a part of a larger graph. */
  readonly inputs?: Readonly<Record<string, Value>>;
  /** Gives the value of a weight, for instance a view of a parameter pack; undefined keeps it fixed, as it is in the file. */
  readonly parameter?: (tensor: OnnxTensor, graph: BaseGraph) => Value | undefined;
  /** What takes the place of a node's outputs, for instance with a learned change added; undefined keeps them. */
  readonly change?: (
    node: OnnxNode,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Value[],
  ) => readonly Value[] | undefined;
  /** Values inside the model to stop at: what only leads beyond them is left out. By default the model's outputs. */
  readonly outputs?: readonly string[];
}

/** A model as part of a graph. */
export interface ImportedGraph {
  readonly graph: BaseGraph;
  /** By the names of the file. */
  readonly inputs: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
}

const importers: Importers = {
  ...elementwiseImporters,
  ...movementImporters,
  ...reductionImporters,
  ...layerImporters,
};

/** Operators that can be imported, in alphabetical order. */
export const importedOperators: readonly string[] = Object.keys(importers).sort();

/** Inputs that hold settings or collected statistics: floats, but nothing that an optimizer should move. */
const settledInputs: { readonly [type: string]: readonly number[] } = {
  BatchNormalization: [3, 4],
  Clip: [1, 2],
  OneHot: [2],
  Pad: [2],
  Resize: [1, 2],
  Upsample: [1],
};

/** The floating-point weights of a model, which may be trained, in the order of the file. Statistics of batch norms are none. */
export function trainableTensors({ graph }: OnnxModel): readonly OnnxTensor[] {
  const settled = new Set(
    graph.nodes.flatMap(({ type, inputs }) => (settledInputs[type] ?? []).map((index) => inputs[index])),
  );
  return graph.initializers.filter(
    ({ name, dtype, shape }) => dtype === 'float32' && shape.length > 0 && !settled.has(name),
  );
}

/**
 * Builds the graph of a model (operator sets 11–21 of ai.onnx), to be frozen, cut, extended, differentiated and trained. Shapes are fixed: open dimensions
 * take the sizes of `dimensions`. Throws `bad-file` for operators and forms that have no rule here, all unknown operators in one sentence.
 */
export function importModel(model: OnnxModel, options: ImportOptions = {}): ImportedGraph {
  const opset = opsetOf(model);
  const nodes = neededNodes(model, options.outputs);
  refuseUnknown(nodes);
  const first = Object.values(options.inputs ?? {})[0];
  const graph = first?.graph ?? new Graph();
  const values = new Map<string, Value>();
  const tensors = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const inputs = new Map<string, Value>();
  for (const info of model.graph.inputs) {
    if (tensors.has(info.name)) continue;
    const value = options.inputs?.[info.name] ?? graph.input(info.name, shapeOf(info, options), info.dtype);
    inputs.set(info.name, value);
    values.set(info.name, value);
  }
  const find = (name: string): Value | undefined => {
    const known = values.get(name);
    const tensor = tensors.get(name);
    if (known !== undefined || tensor === undefined) return known;
    const value = options.parameter?.(tensor, graph) ?? constantOf(tensor, graph);
    values.set(name, value);
    return value;
  };
  for (const node of nodes) withWayOut(() => importNode(node, graph, opset, find, values, options.change));
  const wanted = options.outputs ?? model.graph.outputs.map(({ name }) => name);
  return { graph, inputs, outputs: new Map(wanted.map((name) => [name, found(find(name), name)])) };
}

/** What an operation refuses, it refuses without knowing that it came from a file. */
function withWayOut(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof AppError) || error.hint !== undefined) throw error;
    throw new AppError(error.code, error.message, { hint: damagedModel, cause: error });
  }
}

const damagedModel = 'Check the file with onnx.checker.check_model, or export the model again.';

function importNode(
  node: OnnxNode,
  graph: BaseGraph,
  opset: number,
  find: (name: string) => Value | undefined,
  values: Map<string, Value>,
  change: ImportOptions['change'],
): void {
  const inputs = node.inputs.map((name) => (name === '' ? undefined : found(find(name), name)));
  const made = graph.scope(scopeOf(node), () => importers[node.type]!(new ImportedNode(graph, node, inputs, opset)));
  const computed = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
  const outputs = change?.(node, inputs, computed) ?? computed;
  node.outputs.forEach((name, index) => {
    const value = outputs[index];
    if (name !== '' && value !== undefined) values.set(name, settled(value));
  });
}

/** What is known already is kept as a constant: the graph then holds no arithmetic of shapes. */
function settled(value: Value): Value {
  if (value.source.kind !== 'node' || isFloating(value.dtype)) return value;
  const numbers = knownNumbers(value);
  return numbers === undefined ? value : value.graph.constant(numbers, value.shape, value.dtype);
}

function shapeOf({ name, shape }: OnnxValueInfo, { dimensions = {} }: ImportOptions): Shape {
  return shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    const key = size ?? `${name}.${axis}`;
    const given = dimensions[key] ?? dimensions[`${name}.${axis}`];
    if (given !== undefined) return given;
    throw new AppError('bad-argument', `The model's input "${name}" has the open dimension "${key}".`, {
      hint: 'Say how large it is to be: shapes are fixed when a model is trained.',
    });
  });
}

/** The nodes that the outputs depend on, in the order of the file, which is one in which they can be computed. */
function neededNodes({ graph }: OnnxModel, outputs: readonly string[] | undefined): readonly OnnxNode[] {
  const needed = new Set(outputs ?? graph.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.push(node);
  }
  return nodes.reverse();
}

function refuseUnknown(nodes: readonly OnnxNode[]): void {
  const isOwn = ({ domain, type }: OnnxNode) =>
    (domain === '' || domain === 'ai.onnx') && Object.hasOwn(importers, type);
  const unknown = nodes
    .filter((node) => !isOwn(node))
    .map(({ domain, type }) => (domain === '' ? type : `${domain}.${type}`));
  if (unknown.length === 0) return;
  const names = [...new Set(unknown)].sort().join(', ');
  throw new AppError('bad-file', `The model uses operators that cannot be trained through here: ${names}.`, {
    hint: 'Cut the model before them, or export it without them (for instance with a lower operator set, or decomposed).',
  });
}

function opsetOf({ opsets }: OnnxModel): number {
  const version = opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0;
  if (version >= oldestOpset && version <= newestOpset) return version;
  throw new AppError('bad-file', `The model is written for operator set ${version}.`, {
    hint: `Export it for one from ${oldestOpset} to ${newestOpset}.`,
  });
}

function found(value: Value | undefined, name: string): Value {
  if (value !== undefined) return value;
  throw new AppError('bad-file', `The model uses the value "${name}", which nothing computes.`, { hint: damagedModel });
}

function scopeOf(node: OnnxNode): string {
  return (node.name === '' ? node.type : node.name).replace(/^\//, '');
}
