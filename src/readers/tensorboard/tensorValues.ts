import { elementCount, numericFields, numericTypes, readShape } from './tensor.ts';
import { type Range, viewOf, WireReader, wireTypes } from './wire.ts';

/** All numbers of a tensor, as float64 in row-major order. */
export interface TensorValues {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * The numbers of a TensorProto. They stand in tensor_content, or in the repeated field of their type, of which the last element is repeated to the end of the tensor
 * (tensorflow/core/framework/tensor.proto). A tensor that claims more elements than could be meant gives those that are there. Throws MalformedMessage.
 */
export function readTensorValues(bytes: Uint8Array): TensorValues {
  const reader = new WireReader(bytes, viewOf(bytes), { start: 0, end: bytes.length });
  let dtype = 0;
  let shape: readonly number[] = [];
  let content: Range | undefined;
  const stored = new Map<number, number[]>();
  while (reader.more) {
    const key = reader.key();
    const field = Math.floor(key / 8);
    if (key === 0x08) dtype = reader.varint();
    else if (key === 0x12) shape = readShape(reader.inside(reader.range()));
    else if (key === 0x22) content = reader.range();
    else if (numericFields[field] !== undefined) readElements(reader, key, field, stored);
    else reader.skip(key);
  }
  const type = numericTypes[dtype];
  if (type === undefined) return { shape, values: new Float64Array(0) };
  if (content !== undefined && content.end > content.start) {
    const { start, end } = content;
    const values = new Float64Array(Math.floor((end - start) / type.size));
    for (let index = 0; index < values.length; index++)
      values[index] = type.read(reader.view, start + index * type.size);
    return { shape, values };
  }
  const raw = stored.get(type.field) ?? [];
  const elements = type.fromField === undefined ? raw : raw.map(type.fromField);
  return { shape, values: filled(elements, elementCount(shape)) };
}

/** What a repeated value may be spread to: far above any histogram, far below what would hurt. */
const mostFilled = 1 << 20;

function filled(elements: readonly number[], count: number): Float64Array {
  const values = new Float64Array(Math.max(elements.length, Math.min(count, mostFilled)));
  values.set(elements);
  return values.fill(elements.at(-1) ?? 0, elements.length);
}

function readElements(reader: WireReader, key: number, field: number, stored: Map<number, number[]>): void {
  const read = numericFields[field]!;
  let elements = stored.get(field);
  if (elements === undefined) {
    elements = [];
    stored.set(field, elements);
  }
  if ((key & 7) !== wireTypes.bytes) {
    elements.push(read(reader));
    return;
  }
  const packed = reader.inside(reader.range());
  while (packed.more) elements.push(read(packed));
}
