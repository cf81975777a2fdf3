import { packNumbers } from './dtype.ts';
import { checkNames, type ModelOptions, writeGraphModel } from './encode.ts';
import { sameType } from './inspect.ts';
import type { BaseGraph, Value } from './ir.ts';
import { lowerGraph, valueInfo } from './lower.ts';
import { intAttribute, type OnnxGraph, type OnnxTensor } from './onnx/model.ts';
import { refuse } from './shape.ts';

/** One step of a loop over a graph. Every graph input that the step uses must be named in exactly one of the lists. */
export interface ScanStep {
  readonly graph: BaseGraph;
  /** Values carried from step to step: `input` holds the old one, `next` the new one, of the same shape and type. */
  readonly state: readonly { readonly name: string; readonly input: Value; readonly next: Value }[];
  /** Values of which every step gets its own. */
  readonly sequence: readonly { readonly name: string; readonly input: Value }[];
  /** Values that stay the same for all steps of a run. */
  readonly constants?: readonly { readonly name: string; readonly input: Value }[];
  /** Values that every step gives back. */
  readonly perStep: Readonly<Record<string, Value>>;
}

/** In place of a number of steps: as many as the inputs have. */
export const anySteps = 'steps';

/**
 * The bytes of an ONNX model that runs a step K times in one Scan (https://onnx.ai/onnx/operators/onnx__Scan.html).
 *
 * Inputs, in this order: each state under its name, each sequence under its name with a leading axis of size K, each constant under
 * its name. Outputs: each state as `<name>_next` after the last step, then each per-step value with a leading axis of size K.
 * The result is bit for bit that of K runs of the single step. Constants of the graph lie inside the body, where ONNX Runtime places
 * them on the device once.
 */
export function scanModel(step: ScanStep, steps: number | typeof anySteps, options: ModelOptions = {}): Uint8Array {
  const isKnown = steps === anySteps ? step.sequence.length > 0 : Number.isInteger(steps) && steps > 0;
  if (!isKnown) throw refuse(`A scan of ${steps} steps cannot be made.`, 'Give a number, or values for every step.');
  const constants = step.constants ?? [];
  const perStep = Object.keys(step.perStep);
  for (const { name, input, next } of step.state) {
    if (!sameType(input, next)) throw refuse(`The state "${name}" changes its shape or type during a step.`);
  }
  checkNames(
    [...step.state, ...step.sequence, ...constants].map(({ name }) => name),
    [...step.state.map(({ name }) => nextName(name)), ...perStep],
  );
  const ticks = step.sequence.length === 0 ? [tickTensor(Number(steps))] : [];
  const stacked = (name: string, value: Value) => ({ ...valueInfo(name, value), shape: [steps, ...value.shape] });
  const graph: OnnxGraph = {
    name: 'scan',
    nodes: [
      {
        name: steps === anySteps ? 'scan' : `scan of ${steps} steps`,
        type: 'Scan',
        domain: '',
        inputs: [...step.state, ...step.sequence, ...ticks].map(({ name }) => name),
        outputs: [...step.state.map(({ name }) => nextName(name)), ...perStep],
        attributes: {
          body: { kind: 'graph', value: stepBody(step, ticks, options.atomicSums ?? false) },
          num_scan_inputs: intAttribute(step.sequence.length + ticks.length),
        },
      },
    ],
    initializers: ticks,
    inputs: [
      ...step.state.map(({ name, input }) => valueInfo(name, input)),
      ...step.sequence.map(({ name, input }) => stacked(name, input)),
      ...constants.map(({ name, input }) => valueInfo(name, input)),
    ],
    outputs: [
      ...step.state.map(({ name, next }) => valueInfo(nextName(name), next)),
      ...Object.entries(step.perStep).map(([name, value]) => stacked(name, value)),
    ],
  };
  return writeGraphModel(graph, options);
}

/**
 * The bytes of a model of one step without a loop. Inputs and outputs have the names of `scanModel`, but sequences and per-step values lack the axis of
 * steps. For devices on which ONNX Runtime has no kernel for Scan: there the loop runs on the CPU, and every step would carry its state over the bus.
 */
export function singleStepModel(step: ScanStep, options: ModelOptions = {}): Uint8Array {
  const inputs = [...step.state, ...step.sequence, ...(step.constants ?? [])];
  const outputs = [
    ...step.state.map(({ name, next }) => [nextName(name), next] as const),
    ...Object.entries(step.perStep),
  ];
  checkNames(
    inputs.map(({ name }) => name),
    outputs.map(([name]) => name),
  );
  const face = {
    name: 'step',
    atomicSums: options.atomicSums ?? false,
    inputs: inputs.map(({ name, input }) => [name, input] as const),
    outputs,
  };
  return writeGraphModel(lowerGraph(step.graph, face), options);
}

/** The output that holds a state after the last step. */
export function nextName(state: string): string {
  return `${state}_next`;
}

function stepBody(step: ScanStep, ticks: readonly OnnxTensor[], atomicSums: boolean): OnnxGraph {
  const body = lowerGraph(step.graph, {
    name: 'step',
    atomicSums,
    inputs: [...step.state, ...step.sequence].map(({ name, input }) => [`%in:${name}`, input] as const),
    outer: (step.constants ?? []).map(({ name, input }) => [name, input] as const),
    outputs: [
      ...step.state.map(({ name, next }) => [`%next:${name}`, next] as const),
      ...Object.entries(step.perStep).map(([name, value]) => [`%step:${name}`, value] as const),
    ],
  });
  const tickInputs = ticks.map(({ name, dtype }) => ({ name: `%in:${name}`, dtype, shape: [] }));
  return { ...body, inputs: [...body.inputs, ...tickInputs] };
}

/** A scan counts its steps by a sequence, so one of zeros is made up where the step has none. */
function tickTensor(steps: number): OnnxTensor {
  return { name: '%ticks', dtype: 'uint8', shape: [steps], data: packNumbers(new Uint8Array(steps), 'uint8') };
}
