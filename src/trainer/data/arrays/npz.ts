import type { Hash } from 'node:crypto';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { type ByteSource, dataOffset, readZipDirectory, type ZipEntry } from '../../../base/zip.ts';
import { badData, spaced } from '../files/badData.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import type { RandomBytes } from '../files/randomBytes.ts';
import { addWhole } from '../files/wholeHash.ts';
import type { Column, Columns } from './columns.ts';
import { elements } from './elements.ts';
import { checkNpySize, longestNpyHeader, parseNpyHeader } from './npy.ts';

/** Methods of packing (PKWARE APPNOTE 6.3.10, section 4.4.5) that `numpy.savez` and `numpy.savez_compressed` use. */
const stored = 0;
const deflated = 8;
/** A Buffer cannot be much larger. */
const largestUnpacked = 2 ** 31 - 1;

/** Reads a `.npz` file: a ZIP archive with a `.npy` file per tensor. Those that are not packed are read from where they lie. */
export async function readNpz(file: string, files: OpenFiles, hash: Hash): Promise<Columns> {
  const source = byteSource(files.open(file));
  const directory = await readZipDirectory(source);
  if (!directory.ok) throw badData(directory.message);
  await addWhole(file, files, hash);
  const columns = new Map<string, Column>();
  for (const entry of directory.value) {
    if (!entry.name.endsWith('.npy')) continue;
    columns.set(entry.name.replace(/\.npy$/, ''), await readEntry(file, files, source, entry));
  }
  return columns;
}

async function readEntry(file: string, files: OpenFiles, source: ByteSource, entry: ZipEntry): Promise<Column> {
  const label = `${entry.name} in ${path.basename(file)}`;
  const offset = await dataOffset(source, entry);
  if (offset === undefined || offset + entry.packedSize > source.size) throw badData(`${label} is cut.`, { file });
  if (entry.method === stored) {
    const header = parseNpyHeader(files.open(file).read(offset, Math.min(entry.size, longestNpyHeader)), file, label);
    checkNpySize(header, entry.size, file, label);
    const { shape, type, isLittle, dataStart } = header;
    return {
      kind: 'stored',
      file,
      rows: shape[0] ?? 0,
      shape: shape.slice(1),
      offset: offset + dataStart,
      type,
      isLittle,
    };
  }
  if (entry.method !== deflated)
    throw badData(`${label} is packed in a way that is not known (${entry.method}).`, { file });
  return unpackEntry(files.open(file).read(offset, entry.packedSize), entry, label, file);
}

/** Unpacked numbers lie in memory. */
function unpackEntry(packed: Uint8Array, { size }: ZipEntry, label: string, file: string): Column {
  if (size > largestUnpacked) {
    throw badData(`${label} unpacks to ${spaced(size)} bytes, too much to hold in memory.`, {
      file,
      hint: 'Save it with numpy.savez instead of numpy.savez_compressed.',
    });
  }
  const bytes = inflate(packed, label, file);
  const header = parseNpyHeader(bytes, file, label);
  checkNpySize(header, bytes.length, file, label);
  const { shape, type, isLittle, dataStart } = header;
  const count = shape.reduce((product, each) => product * each, 1);
  const { read, bytes: width } = elements[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart);
  const values = elements[type].bytes > 2 && type !== 'float32' ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, i * width, isLittle);
  return { kind: 'memory', rows: shape[0] ?? 0, shape: shape.slice(1), values };
}

function inflate(packed: Uint8Array, label: string, file: string): Buffer {
  try {
    return inflateRawSync(packed);
  } catch (error) {
    throw badData(`${label} cannot be unpacked, it is damaged: ${error instanceof Error ? error.message : error}`, {
      file,
    });
  }
}

function byteSource(file: RandomBytes): ByteSource {
  const read = (offset: number, length: number) =>
    Promise.resolve(file.read(offset, Math.max(0, Math.min(length, file.size - offset))));
  return { path: file.path, size: file.size, read };
}
