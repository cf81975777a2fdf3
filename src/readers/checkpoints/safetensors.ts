import { open } from 'node:fs/promises';
import { fail, ok, type Result } from '../../base/result.ts';

/** One tensor as the header lists it. Offsets count from the first byte behind the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether the file is as long as the header says. */
  readonly whole: boolean;
}

/** The format's own limit for the header (https://github.com/huggingface/safetensors, MAX_HEADER_SIZE). */
const largestHeader = 100_000_000;

/**
 * The header of a safetensors file: u64 little-endian length, then that many bytes of JSON, then the data. Only the header is read.
 * `bad-file`: not of this format; `unfinished`: too short for its header.
 */
export async function readSafetensorsHeader(
  file: string,
): Promise<Result<SafetensorsHeader, 'bad-file' | 'unfinished' | 'unreadable'>> {
  const handle = await open(file, 'r').catch((error: Error) => error);
  if (handle instanceof Error) return fail('unreadable', `${file} cannot be read: ${handle.message}`);
  try {
    const { size } = await handle.stat();
    const prefix = Buffer.alloc(8);
    if ((await handle.read(prefix, 0, 8, 0)).bytesRead < 8)
      return fail('unfinished', `${file} is too short for a header.`);
    const length = Number(prefix.readBigUInt64LE(0));
    if (length > largestHeader || length < 2)
      return fail('bad-file', `${file} is no safetensors file: its header would have ${length} bytes.`);
    if (8 + length > size)
      return fail('unfinished', `${file} is cut: its header needs ${8 + length} bytes, the file has ${size}.`);
    const text = Buffer.alloc(length);
    await handle.read(text, 0, length, 8);
    return parseHeader(file, text, size - 8 - length);
  } catch (error) {
    return fail('unreadable', `${file} cannot be read: ${(error as Error).message}`);
  } finally {
    await handle.close();
  }
}

function parseHeader(file: string, text: Buffer, dataLength: number): Result<SafetensorsHeader, 'bad-file'> {
  let tree: unknown;
  try {
    tree = JSON.parse(text.toString('utf8'));
  } catch {
    return fail('bad-file', `${file} is no safetensors file: its header is not JSON.`);
  }
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree))
    return fail('bad-file', `${file} is no safetensors file: its header is no object.`);
  const tensors: TensorEntry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(tree)) {
    if (name === '__metadata__') {
      metadata = new Map(Object.entries((value ?? {}) as object).map(([key, text]) => [key, String(text)]));
      continue;
    }
    const entry = toEntry(name, value);
    if (entry === undefined)
      return fail(
        'bad-file',
        `${file} is no safetensors file: the entry "${name.slice(0, 80)}" has no type, shape and offsets.`,
      );
    tensors.push(entry);
  }
  return ok({ tensors, metadata, whole: tensors.every(({ end }) => end <= dataLength) });
}

function toEntry(name: string, value: unknown): TensorEntry | undefined {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) return undefined;
  const [start, end] = offsets as [number, number];
  return start <= end ? { name, dtype, shape, start, end } : undefined;
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
