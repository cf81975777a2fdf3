import { encodeModel, Graph } from '../../graph/index.ts';
import type { Program } from '../../recipes/recipe.ts';
import type { TrainStep } from './trainStep.ts';

/** The bytes of the trained network as an ONNX model, with the averaged weights inside. */
export function exportModel(
  program: Program,
  step: TrainStep,
  average: Float32Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const graph = new Graph();
  const slots = new Map(step.layout.map((slot) => [slot.name, slot]));
  const made = program.model.build(graph, (name) => {
    const slot = slots.get(name);
    if (slot === undefined) throw new Error(`The exported model asks for the parameter "${name}", which there is not.`);
    return graph.constant(average.subarray(slot.offset, slot.offset + slot.size), slot.shape);
  });
  return encodeModel(graph, made.outputs, {
    inputs: made.inputs,
    producer: 'trainyard',
    metadata: { ...program.model.metadata, ...metadata },
  });
}
