import type { CheckpointTensor } from '../../../domain/checkpoint.ts';
import type { Field, FieldWalker } from './fields.ts';

/** TensorProto.DataType (onnx/onnx.proto). */
const elementTypes: readonly string[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8_e4m3fn',
  'float8_e4m3fnuz',
  'float8_e5m2',
  'float8_e5m2fnuz',
  'uint4',
  'int4',
  'float4_e2m1',
];

export interface Initializer extends CheckpointTensor {
  /** Name of the file beside the model that holds its numbers, where they lie outside. */
  readonly externalFile?: string;
}

/** A TensorProto without its numbers: dims (1), data_type (2), name (8), external_data (13). */
export async function readInitializer(walker: FieldWalker, { start, end }: Field): Promise<Initializer> {
  const shape: number[] = [];
  let dtype = 'undefined';
  let name = '';
  let externalFile: string | undefined;
  await walker.each(start, end, async (field) => {
    if (field.number === 1 && field.wireType === 0) shape.push(field.value);
    else if (field.number === 1) await readPacked(walker, field, shape);
    else if (field.number === 2) dtype = elementTypes[field.value] ?? `type ${field.value}`;
    else if (field.number === 8) name = await walker.text(field);
    else if (field.number === 13) externalFile = (await readLocation(walker, field)) ?? externalFile;
  });
  return { name, dtype, shape, ...(externalFile === undefined ? {} : { externalFile }) };
}

/** Dimensions as one packed field: varints one after the other. No tensor has as many as would not fit here. */
async function readPacked(walker: FieldWalker, field: Field, shape: number[]): Promise<void> {
  const bytes = await walker.bytes({ start: field.start, end: Math.min(field.end, field.start + 1000) });
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    shape.push(value);
    [value, scale] = [0, 1];
  }
}

/** The value of a StringStringEntryProto whose key is "location". */
async function readLocation(walker: FieldWalker, { start, end }: Field): Promise<string | undefined> {
  let key = '';
  let value = '';
  await walker.each(start, end, async (field) => {
    if (field.number === 1) key = await walker.text(field);
    else if (field.number === 2) value = await walker.text(field);
  });
  return key === 'location' ? value : undefined;
}
