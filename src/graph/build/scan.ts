import { sameType } from '../inspect.ts';
import type { ScanBody, Value } from '../ir.ts';
import { refuse, sameShape } from '../shape.ts';

/** What a scan begins with and reads, in the order of the inputs of its body. */
export interface ScanInputs {
  readonly state: readonly Value[];
  /** Each with the steps as its first axis. */
  readonly sequence: readonly Value[];
  readonly constants: readonly Value[];
}

/**
 * Runs a body once per step within a graph (https://onnx.ai/onnx/operators/onnx__Scan.html): the state after the last step, and what every step gave back,
 * with the steps as first axis. What a step holds is free before the next one begins, which the same steps written one after another do not promise.
 * It has no derivative: differentiate inside the body.
 */
export function scanOver(
  body: ScanBody,
  inputs: ScanInputs,
): { readonly state: readonly Value[]; readonly perStep: readonly Value[] } {
  const graph = [...inputs.state, ...inputs.sequence, ...inputs.constants][0]!.graph;
  body.state.forEach(({ input, next }, i) => {
    const first = inputs.state[i];
    if (first === undefined || !sameType(input, next) || !sameType(input, first)) {
      throw refuse(`State ${i} of a scan must have one shape and type before, in and after its body.`);
    }
  });
  body.sequence.forEach((input, i) => {
    const all = inputs.sequence[i];
    if (all === undefined || all.dtype !== input.dtype || !sameShape(all.shape, [body.steps, ...input.shape])) {
      throw refuse(`Sequence ${i} of a scan must hold ${body.steps} values of the shape that its body takes.`);
    }
  });
  body.constants.forEach((input, i) => {
    const outside = inputs.constants[i];
    if (outside === undefined || !sameType(input, outside)) {
      throw refuse(`Constant ${i} of a scan must have the shape and type that its body takes.`);
    }
  });
  const number = graph.bodies.push(body) - 1;
  const all = [...inputs.state, ...inputs.sequence, ...inputs.constants];
  const outputs = graph.apply('Scan', all, { body: number });
  return { state: outputs.slice(0, body.state.length), perStep: outputs.slice(body.state.length) };
}
