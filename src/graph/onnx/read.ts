import { AppError } from '../../base/errors.ts';
import { type DType, dtypeOfCode, dtypes, packNumbers } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.ts';
import { decodeUtf8, type ProtoField, readFields, readInts } from './protoReader.ts';
import { attributeCodes } from './write.ts';

/** Where a large tensor lies outside the model's file (https://onnx.ai/onnx/repo-docs/ExternalData.html). */
export interface ExternalPlace {
  /** Path relative to the model's folder, as the file says it: whoever reads it must see to it that it does not leave that folder. */
  readonly location: string;
  readonly offset: number;
  /** Undefined: up to the end of the file. */
  readonly length: number | undefined;
}

/** Gives the bytes of a tensor that lies in another file. */
export type ReadExternal = (place: ExternalPlace, tensor: string) => Uint8Array;

/**
 * A model as plain data, from the bytes of a ModelProto. Functions, sparse tensors and annotations are passed over; tensors kept in
 * other files are read by `readExternal` and refused without it. Throws `bad-file` where the bytes are not a whole model or use an element type that
 * Trainyard does not know.
 */
export function decodeModel(bytes: Uint8Array, readExternal: ReadExternal = refuseExternal): OnnxModel {
  let irVersion = 0;
  let producer = '';
  let graph: OnnxGraph | undefined;
  const opsets: { domain: string; version: number }[] = [];
  const metadata: Record<string, string> = {};
  for (const field of readFields(bytes)) {
    if (field.field === 1) irVersion = field.number;
    else if (field.field === 2) producer = decodeUtf8(field.bytes);
    else if (field.field === 7) graph = readGraph(field.bytes, readExternal);
    else if (field.field === 8) opsets.push(readOpset(field.bytes));
    else if (field.field === 14) readEntry(field.bytes, metadata);
  }
  if (graph === undefined) {
    throw new AppError('bad-file', 'The file holds no ONNX graph.', { hint: 'Check that it is an ONNX model.' });
  }
  return { irVersion, producer, opsets, graph, metadata };
}

function readGraph(bytes: Uint8Array, external: ReadExternal): OnnxGraph {
  const graph = {
    name: '',
    nodes: [] as OnnxNode[],
    initializers: [] as OnnxTensor[],
    inputs: [] as OnnxValueInfo[],
    outputs: [] as OnnxValueInfo[],
  };
  for (const field of readFields(bytes)) {
    if (field.field === 1) graph.nodes.push(readNode(field.bytes, external));
    else if (field.field === 2) graph.name = decodeUtf8(field.bytes);
    else if (field.field === 5) graph.initializers.push(readTensor(field.bytes, external));
    else if (field.field === 11) graph.inputs.push(readValueInfo(field.bytes));
    else if (field.field === 12) graph.outputs.push(readValueInfo(field.bytes));
  }
  return graph;
}

function readNode(bytes: Uint8Array, external: ReadExternal): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, OnnxAttribute> = {};
  let name = '';
  let type = '';
  let domain = '';
  for (const field of readFields(bytes)) {
    if (field.field === 1) inputs.push(decodeUtf8(field.bytes));
    else if (field.field === 2) outputs.push(decodeUtf8(field.bytes));
    else if (field.field === 3) name = decodeUtf8(field.bytes);
    else if (field.field === 4) type = decodeUtf8(field.bytes);
    else if (field.field === 5) Object.assign(attributes, readAttribute(field.bytes, external));
    else if (field.field === 7) domain = decodeUtf8(field.bytes);
  }
  return { name, type, domain, inputs, outputs, attributes };
}

/** The single entry that an attribute adds to its node. */
function readAttribute(bytes: Uint8Array, external: ReadExternal): Record<string, OnnxAttribute> {
  const fields = [...readFields(bytes)];
  const nameField = fields.find((field) => field.field === 1);
  const code = fields.find((field) => field.field === 20)?.number;
  const kind = (Object.keys(attributeCodes) as OnnxAttribute['kind'][]).find((each) => attributeCodes[each] === code);
  if (kind === undefined || nameField === undefined) {
    throw new AppError('bad-file', `The model has an attribute of type ${code ?? 'none'}, which cannot be read.`, {
      hint: 'Check the file with onnx.checker.check_model; models with sparse tensors or types as attributes cannot be used.',
    });
  }
  return { [decodeUtf8(nameField.bytes)]: { kind, value: attributeReaders[kind](fields, external) } as OnnxAttribute };
}

const attributeReaders: {
  readonly [Kind in OnnxAttribute['kind']]: (
    fields: readonly ProtoField[],
    external: ReadExternal,
  ) => Extract<OnnxAttribute, { kind: Kind }>['value'];
} = {
  float: (fields) => floatsAt(fields, 2)[0] ?? 0,
  int: (fields) => fields.find((field) => field.field === 3)?.number ?? 0,
  string: (fields) => decodeUtf8(bytesAt(fields, 4)),
  tensor: (fields, external) => readTensor(bytesAt(fields, 5), external),
  graph: (fields, external) => readGraph(bytesAt(fields, 6), external),
  floats: (fields) => floatsAt(fields, 7),
  ints: (fields) => fields.filter((field) => field.field === 8).flatMap(readInts),
  strings: (fields) => fields.filter((field) => field.field === 9).map((field) => decodeUtf8(field.bytes)),
};

function readTensor(bytes: Uint8Array, external: ReadExternal): OnnxTensor {
  const fields = [...readFields(bytes)];
  const name = decodeUtf8(bytesAt(fields, 8));
  const code = fields.find((field) => field.field === 2)?.number ?? 0;
  const dtype = knownType(code, name);
  const shape = fields.filter((field) => field.field === 1).flatMap(readInts);
  const isExternal = fields.some((field) => field.field === 13 || (field.field === 14 && field.number === 1));
  if (isExternal) return { name, dtype, shape, data: externalData(fields, name, dtype, shape, external) };
  const raw = fields.find((field) => field.field === 9)?.bytes;
  return { name, dtype, shape, data: raw === undefined ? typedData(fields, dtype) : raw.slice() };
}

function externalData(
  fields: readonly ProtoField[],
  name: string,
  dtype: DType,
  shape: readonly number[],
  external: ReadExternal,
): Uint8Array {
  const entries: Record<string, string> = {};
  for (const field of fields) if (field.field === 13) readEntry(field.bytes, entries);
  const { location = '', offset = '0', length } = entries;
  const place = { location, offset: Number(offset), length: length === undefined ? undefined : Number(length) };
  const data = external(place, name);
  const wanted = sizeOf(shape) * dtypes[dtype].bytes;
  if (data.byteLength === wanted) return data;
  throw new AppError(
    'bad-file',
    `The tensor "${name}" needs ${wanted} bytes of ${location}, which has ${data.byteLength}.`,
    {
      hint: 'Copy the model again, with the files beside it.',
    },
  );
}

function refuseExternal(_place: ExternalPlace, tensor: string): never {
  throw new AppError('bad-file', `The tensor "${tensor}" is kept in another file.`, {
    hint: 'Save the model with its weights inside.',
  });
}

/** Data that a writer put into one of the typed fields instead of raw_data, brought into the layout of raw_data. */
function typedData(fields: readonly ProtoField[], dtype: DType): Uint8Array {
  const joined = (number: number) =>
    joinBytes(fields.filter((field) => field.field === number).map((each) => each.bytes));
  if (dtype === 'float32') return joined(4);
  if (dtype === 'float64') return joined(10);
  const ints = fields.filter((field) => field.field === (dtype === 'int64' ? 7 : 5)).flatMap(readInts);
  // int32_data holds the bits of half-width floats, one per entry.
  if (dtype === 'float16' || dtype === 'bfloat16') return new Uint8Array(Uint16Array.from(ints).buffer);
  return packNumbers(ints, dtype);
}

function readValueInfo(bytes: Uint8Array): OnnxValueInfo {
  const fields = [...readFields(bytes)];
  const name = decodeUtf8(bytesAt(fields, 1));
  const type = [...readFields(bytesAt(fields, 2))];
  const isSequence = type.some((field) => field.field === 4);
  const tensorType = isSequence
    ? bytesAt([...readFields(bytesAt([...readFields(bytesAt(type, 4))], 1))], 1)
    : bytesAt(type, 1);
  const tensor = [...readFields(tensorType)];
  const code = tensor.find((field) => field.field === 1)?.number ?? 0;
  const shape = [...readFields(bytesAt(tensor, 2))].filter((field) => field.field === 1).map(readDimension);
  return { name, dtype: knownType(code, name), shape, ...(isSequence ? { isSequence } : {}) };
}

function readDimension(field: ProtoField): number | string | null {
  for (const part of readFields(field.bytes)) {
    if (part.field === 1) return part.number;
    if (part.field === 2) return decodeUtf8(part.bytes);
  }
  return null;
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  const fields = [...readFields(bytes)];
  const version = fields.find((field) => field.field === 2)?.number ?? 0;
  return { domain: decodeUtf8(bytesAt(fields, 1)), version };
}

function readEntry(bytes: Uint8Array, into: Record<string, string>): void {
  const fields = [...readFields(bytes)];
  into[decodeUtf8(bytesAt(fields, 1))] = decodeUtf8(bytesAt(fields, 2));
}

function knownType(code: number, name: string): DType {
  const dtype = dtypeOfCode(code);
  if (dtype === undefined)
    throw new AppError('bad-file', `"${name}" has the element type ${code}, which cannot be read.`, {
      hint: 'Export the model with float32 or 16-bit weights, without texts and complex numbers.',
    });
  return dtype;
}

function bytesAt(fields: readonly ProtoField[], number: number): Uint8Array {
  return fields.find((field) => field.field === number)?.bytes ?? new Uint8Array(0);
}

function floatsAt(fields: readonly ProtoField[], number: number): readonly number[] {
  const bytes = joinBytes(fields.filter((field) => field.field === number).map((field) => field.bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.byteLength;
  }
  return joined;
}
