import type { Node, OpTable, ScanBody } from '../ir.ts';
import { intAttribute } from '../onnx/model.ts';

export const scanOps: OpTable<'Scan'> = {
  // Its inputs are the states, the sequences, and the values outside that the body sees; the last are no inputs of the ONNX node.
  Scan: {
    infer: (inputs, attributes) => {
      const { state, perStep, steps } = inputs[0]!.graph.bodies[attributes.body]!;
      return [
        ...state.map(({ next: { shape, dtype } }) => ({ shape, dtype })),
        ...perStep.map(({ shape, dtype }) => ({ shape: [steps, ...shape], dtype })),
      ];
    },
    onnx: (node) => {
      const body = bodyOf(node);
      const own = body.state.length + body.sequence.length;
      return {
        type: 'Scan',
        inputs: node.inputs.slice(0, own),
        attributes: { num_scan_inputs: intAttribute(body.sequence.length) },
        body: { of: body, captured: node.inputs.slice(own) },
      };
    },
    vjp: 'none',
    jvp: 'none',
  },
};

function bodyOf({ inputs, attributes }: Node<'Scan'>): ScanBody {
  return inputs[0]!.graph.bodies[attributes.body]!;
}
