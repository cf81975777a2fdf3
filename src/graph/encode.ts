import type { BaseGraph, Value } from './ir.ts';
import { inputName, lowerGraph, usedInputs } from './lower.ts';
import { type DeviceForm, inDeviceForm } from './onnx/deviceForm.ts';
import type { OnnxGraph, OnnxModel, OnnxNode } from './onnx/model.ts';
import { withoutResults } from './onnx/noResults.ts';
import { type ResidentRows, withResidentRows } from './onnx/residentRows.ts';
import { withSymbolicBatch } from './onnx/symbolicBatch.ts';
import { writeModel } from './onnx/write.ts';
import { refuse } from './shape.ts';

/** ONNX IR versions by the first operator set that came with them (https://github.com/onnx/onnx/blob/main/docs/Versioning.md). */
const irVersions = [
  { opset: 15, version: 8 },
  { opset: 19, version: 9 },
  { opset: 21, version: 10 },
] as const;

/** The last opset at which every operation used here has a CUDA kernel in ONNX Runtime (see ARCHITECTURE.md). Models whose operations need a later one say so. */
export const OPSET = 18;

/** What is written about a model besides its graph. */
export interface ModelOptions extends DeviceForm {
  readonly producer?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Inputs that are rows of tables which lie on the device; see `withResidentRows`. */
  readonly residentRows?: ResidentRows;
  /** Whether the device adds to one place by atomic operations; the CPU does not (`chunkedSum`). */
  readonly atomicSums?: boolean;
  /** Outputs are written to arrays of the caller's alone; see `withoutResults`. */
  readonly hasNoResults?: boolean;
}

/** Options of `encodeModel`. */
export interface EncodeOptions extends ModelOptions {
  /** Inputs that the model declares, in this order, used or not. By default those that the outputs depend on. */
  readonly inputs?: readonly Value[];
  readonly opset?: typeof OPSET;
}

/**
 * The bytes of an ONNX model that computes the named outputs. Nodes that no output depends on are left out. Names must not begin
 * with "%" and an output must not have the name of an input.
 */
export function encodeModel(
  graph: BaseGraph,
  outputs: Readonly<Record<string, Value>>,
  options: EncodeOptions = {},
): Uint8Array {
  return writeGraphModel(wholeGraph(graph, outputs, options), options);
}

/** What is built for one batch size: a graph of its own, its inputs in their order, and its outputs by name. */
export interface BatchGraph {
  readonly graph: BaseGraph;
  readonly inputs: readonly Value[];
  readonly outputs: Readonly<Record<string, Value>>;
}

/**
 * The bytes of a model that takes any batch size, as the dimension `batch`, though graphs are built for one size: `build` is called
 * for two, and what differs depends on the batch. Throws `bad-argument` where that is more than target shapes.
 */
export function encodeBatchModel(build: (batch: number) => BatchGraph, options: ModelOptions = {}): Uint8Array {
  const [one, other] = trialBatches.map((batch) => {
    const { graph, inputs, outputs } = build(batch);
    return wholeGraph(graph, outputs, { inputs, atomicSums: options.atomicSums ?? false });
  });
  return writeGraphModel(withSymbolicBatch(one!, other!, 'batch'), options);
}

/** Two primes that no other size of a network is likely to be, so that nothing else is taken for the batch. */
const trialBatches = [9973, 9967];

function wholeGraph(
  graph: BaseGraph,
  outputs: Readonly<Record<string, Value>>,
  options: Pick<EncodeOptions, 'inputs' | 'atomicSums'>,
): OnnxGraph {
  const inputs = options.inputs ?? usedInputs(graph, Object.values(outputs));
  const named = inputs.map((input) => [inputName(input), input] as const);
  checkNames(
    named.map(([name]) => name),
    Object.keys(outputs),
  );
  const { atomicSums = false } = options;
  return lowerGraph(graph, { name: 'graph', atomicSums, inputs: named, outputs: Object.entries(outputs) });
}

/** The bytes of a model round a finished graph. */
export function writeGraphModel(given: OnnxGraph, options: ModelOptions): Uint8Array {
  const { residentRows: rows } = options;
  const formed = inDeviceForm(rows === undefined ? given : withResidentRows(given, rows), options);
  const graph = options.hasNoResults === true ? withoutResults(formed) : formed;
  const opset = opsetOf(graph);
  const model: OnnxModel = {
    irVersion: irVersions.findLast((each) => each.opset <= opset)!.version,
    producer: options.producer ?? 'trainyard',
    opsets: domainsOf(graph).map((domain) => ({ domain, version: domain === '' ? opset : 1 })),
    graph,
    metadata: options.metadata ?? {},
  };
  return writeModel(model);
}

/** Throws where the names of a model's inputs and outputs would meet each other or the encoder's own. */
export function checkNames(inputs: readonly string[], outputs: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of [...inputs, ...outputs]) {
    if (name === '' || name.startsWith('%')) throw refuse(`"${name}" cannot name an input or output.`);
    if (seen.has(name)) {
      throw refuse(`Two inputs or outputs are named "${name}".`, 'ONNX Runtime needs a name of its own for each.');
    }
    seen.add(name);
  }
}

function domainsOf(graph: OnnxGraph): readonly string[] {
  return [...new Set(['', ...allNodes(graph).map(({ domain }) => domain)])];
}

function opsetOf(graph: OnnxGraph): number {
  return allNodes(graph).reduce((most, { opset = OPSET }) => Math.max(most, opset), OPSET);
}

/** The nodes of a graph and of the bodies in it. */
function allNodes(graph: OnnxGraph): readonly OnnxNode[] {
  return graph.nodes.flatMap((node) => {
    const bodies = Object.values(node.attributes).flatMap((each) =>
      each.kind === 'graph' ? allNodes(each.value) : [],
    );
    return [node, ...bodies];
  });
}
