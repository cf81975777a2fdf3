import { encodeBatchModel, Graph, type ParameterSlot } from '../../graph/index.ts';
import type { Program } from '../../recipes/recipe.ts';

/** The bytes of the trained network as an ONNX model for any batch size, with the averaged weights inside. */
export function exportModel(
  program: Program,
  layout: readonly ParameterSlot[],
  average: Float32Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const slots = new Map(layout.map((slot) => [slot.name, slot]));
  const build = (batch: number) => {
    const graph = new Graph();
    const made = program.model.build(
      graph,
      (name) => {
        const slot = slots.get(name);
        if (slot === undefined)
          throw new Error(`The exported model asks for the parameter "${name}", which there is not.`);
        return graph.constant(average.subarray(slot.offset, slot.offset + slot.size), slot.shape);
      },
      batch,
    );
    return { graph, ...made };
  };
  return encodeBatchModel(build, { producer: 'trainyard', metadata: { ...program.model.metadata, ...metadata } });
}
