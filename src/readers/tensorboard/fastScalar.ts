import type { TagTable } from './columns.ts';

/**
 * Reads an event that holds one scalar, in the order of fields that every writer makes: wall time, step, then a summary with one value that has a
 * tag and a float (v1) or a rank-0 float or double tensor of a tag that is known to be a scalar (v2). Anything else, damaged content included,
 * gives false with nothing changed, and the general reader takes the event. Most of the time of reading a log is spent here.
 */
export function readFastScalar(bytes: Uint8Array, view: DataView, start: number, end: number, tags: TagTable): boolean {
  // 0x09: field 1 (wall_time) as fixed64. The shortest event of the wanted form has 20 bytes.
  if (end - start < 20 || bytes[start] !== 0x09) return false;
  let at = start + 9;
  let step = 0;
  if (bytes[at] === 0x10) {
    let byte = bytes[++at]!;
    step = byte & 127;
    // Four bytes hold 28 bits, as integers; three more hold 49. What is longer is negative or damaged.
    for (let shift = 7; byte >= 128 && shift < 28; shift += 7) {
      byte = bytes[++at]!;
      step |= (byte & 127) << shift;
    }
    for (let scale = 2 ** 28; byte >= 128; scale *= 128) {
      if (scale > 2 ** 42) return false;
      byte = bytes[++at]!;
      step += (byte & 127) * scale;
    }
    at++;
  }
  // 0x2a: field 5 (summary); 0x0a: its field 1 (value). Both must end with the event.
  at = wrapperContent(bytes, at, end, 0x2a);
  at = wrapperContent(bytes, at, end, 0x0a);
  // 0x0a: the value's field 1 (tag), shorter than 128 bytes.
  if (at < 0 || bytes[at] !== 0x0a || bytes[at + 1]! >= 128) return false;
  const tagStart = at + 2;
  const tagEnd = tagStart + bytes[at + 1]!;
  if (tagEnd + 5 > end) return false;
  const kind = bytes[tagEnd];
  // 0x15: field 2 (simple_value) as fixed32.
  if (kind === 0x15 && tagEnd + 5 === end) {
    const columns = tags.find(bytes, view, tagStart, tagEnd);
    const row = columns.nextRow();
    columns.steps[row] = step;
    columns.wallTimes[row] = view.getFloat64(start + 1, true);
    columns.values[row] = view.getFloat32(tagEnd + 1, true);
    return true;
  }
  if (kind !== 0x42) return false;
  const valueAt = tensorContent(bytes, tagEnd, end);
  if (valueAt < 0) return false;
  const columns = tags.find(bytes, view, tagStart, tagEnd);
  if (columns.meaning?.plugin !== 'scalars') return false;
  const row = columns.nextRow();
  columns.steps[row] = step;
  columns.wallTimes[row] = view.getFloat64(start + 1, true);
  columns.values[row] = bytes[valueAt - 1] === 8 ? view.getFloat64(valueAt, true) : view.getFloat32(valueAt, true);
  return true;
}

/** Where the content of a field begins that has this key and reaches exactly to the end; -1 where it is not so. Lengths of one or two bytes. */
function wrapperContent(bytes: Uint8Array, at: number, end: number, key: number): number {
  if (at < 0 || at + 3 > end || bytes[at] !== key) return -1;
  const first = bytes[at + 1]!;
  if (first < 128) return at + 2 + first === end ? at + 2 : -1;
  const second = bytes[at + 2]!;
  if (second >= 128) return -1;
  return at + 3 + (first & 127) + second * 128 === end ? at + 3 : -1;
}

/**
 * Where the number of a rank-0 tensor stands, behind its length byte; -1 for any other tensor. The tensor is dtype (0x08), an empty shape
 * (0x12 0x00), then tensor_content (0x22), float_val (0x2a) or double_val (0x32); only metadata (0x4a, field 9) may follow it.
 */
function tensorContent(bytes: Uint8Array, at: number, end: number): number {
  const length = bytes[at + 1]!;
  const from = at + 2;
  const tensorEnd = from + length;
  if (length >= 128 || tensorEnd > end) return -1;
  if (
    tensorEnd !== end &&
    (bytes[tensorEnd] !== 0x4a || tensorEnd + 2 + bytes[tensorEnd + 1]! !== end || bytes[tensorEnd + 1]! >= 128)
  )
    return -1;
  if (bytes[from] !== 0x08 || bytes[from + 2] !== 0x12 || bytes[from + 3] !== 0) return -1;
  const isFloat = bytes[from + 1] === 1;
  const size = isFloat ? 4 : 8;
  if (!isFloat && bytes[from + 1] !== 2) return -1;
  const key = bytes[from + 4];
  if (key !== 0x22 && key !== (isFloat ? 0x2a : 0x32)) return -1;
  return bytes[from + 5] === size && from + 6 + size === tensorEnd ? from + 6 : -1;
}
