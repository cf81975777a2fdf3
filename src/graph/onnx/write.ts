import { dtypes } from '../dtype.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.ts';
import { ProtoWriter } from './protoWriter.ts';

/** AttributeProto.AttributeType of each kind. */
export const attributeCodes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const satisfies { [Kind in OnnxAttribute['kind']]: number };

/** The bytes of a ModelProto. Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). */
export function writeModel(model: OnnxModel): Uint8Array {
  const out = new ProtoWriter();
  out.int(1, model.irVersion);
  out.string(2, model.producer);
  out.message(7, () => writeGraph(out, model.graph));
  for (const opset of model.opsets) {
    out.message(8, () => {
      out.string(1, opset.domain);
      out.int(2, opset.version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    out.message(14, () => {
      out.string(1, key);
      out.string(2, value);
    });
  }
  return out.finish();
}

function writeGraph(out: ProtoWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) out.message(1, () => writeNode(out, node));
  out.string(2, graph.name);
  for (const tensor of graph.initializers) out.message(5, () => writeTensor(out, tensor));
  for (const input of graph.inputs) out.message(11, () => writeValueInfo(out, input));
  for (const output of graph.outputs) out.message(12, () => writeValueInfo(out, output));
}

function writeNode(out: ProtoWriter, node: OnnxNode): void {
  for (const input of node.inputs) out.string(1, input);
  for (const output of node.outputs) out.string(2, output);
  if (node.name !== '') out.string(3, node.name);
  out.string(4, node.type);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    out.message(5, () => {
      out.string(1, name);
      writeAttribute(out, attribute);
      out.int(20, attributeCodes[attribute.kind]);
    });
  }
  if (node.domain !== '') out.string(7, node.domain);
}

function writeAttribute(out: ProtoWriter, attribute: OnnxAttribute): void {
  const write = attributeWriters[attribute.kind] as (out: ProtoWriter, value: unknown) => void;
  write(out, attribute.value);
}

type AttributeValue<Kind> = Extract<OnnxAttribute, { kind: Kind }>['value'];

const attributeWriters: {
  readonly [Kind in OnnxAttribute['kind']]: (out: ProtoWriter, value: AttributeValue<Kind>) => void;
} = {
  float: (out, value) => out.float(2, value),
  int: (out, value) => out.int(3, value),
  string: (out, value) => out.string(4, value),
  tensor: (out, value) => out.message(5, () => writeTensor(out, value)),
  graph: (out, value) => out.message(6, () => writeGraph(out, value)),
  floats: (out, value) => out.packedFloats(7, value),
  ints: (out, value) => out.packedInts(8, value),
  strings: (out, value) => {
    for (const each of value) out.string(9, each);
  },
};

function writeTensor(out: ProtoWriter, tensor: OnnxTensor): void {
  out.packedInts(1, tensor.shape);
  out.int(2, dtypes[tensor.dtype].code);
  out.string(8, tensor.name);
  out.bytes(9, tensor.data);
}

function writeValueInfo(out: ProtoWriter, info: OnnxValueInfo): void {
  out.string(1, info.name);
  out.message(2, () => {
    if (info.isSequence === true) out.message(4, () => out.message(1, () => writeTensorType(out, info)));
    else writeTensorType(out, info);
  });
}

function writeTensorType(out: ProtoWriter, { dtype, shape }: OnnxValueInfo): void {
  out.message(1, () => {
    out.int(1, dtypes[dtype].code);
    out.message(2, () => {
      for (const size of shape) out.message(1, () => writeDimension(out, size));
    });
  });
}

function writeDimension(out: ProtoWriter, size: number | string | null): void {
  if (typeof size === 'number') out.int(1, size);
  else if (size !== null) out.string(2, size);
}
