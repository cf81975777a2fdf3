import { encodeBatchModel, Graph, type ParameterSlot, writeModel } from '../../graph/index.ts';
import type { ExportedModel, Program } from '../../recipes/recipe.ts';

/** The bytes of the trained network as an ONNX model, with the averaged weights inside. What was not a file before takes any batch size. */
export function exportModel(
  program: Program,
  layout: readonly ParameterSlot[],
  average: Float32Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const slots = new Map(layout.map((slot) => [slot.name, slot]));
  const find = (name: string): Learned => {
    const slot = slots.get(name);
    if (slot === undefined) throw new Error(`The exported model asks for the parameter "${name}", which there is not.`);
    return { shape: slot.shape, values: average.subarray(slot.offset, slot.offset + slot.size) };
  };
  const { model } = program;
  const about = { producer: 'trainyard', metadata: { ...model.metadata, ...metadata } };
  if ('build' in model) return encodeBatchModel((batch) => built(model, find, batch), about);
  const rewritten = model.rewrite((name) => find(name).values);
  return writeModel({ ...rewritten, ...about, metadata: { ...rewritten.metadata, ...about.metadata } });
}

interface Learned {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function built(model: ExportedModel, find: (name: string) => Learned, batch: number) {
  const graph = new Graph();
  const parameters = (name: string) => {
    const { shape, values } = find(name);
    return graph.constant(values, shape);
  };
  return { graph, ...model.build(graph, parameters, batch) };
}
