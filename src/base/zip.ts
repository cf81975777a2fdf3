import { fail, ok, type Result } from './result.ts';

/** A file, or something like one, of which pieces are read. A read beyond its end gives fewer bytes. */
export interface ByteSource {
  readonly path: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** One file within a ZIP archive, as its central directory lists it. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly size: number;
  readonly packedSize: number;
  /** CRC-32 of the content. */
  readonly crc32: number;
  /** Offset in the archive of the entry's local header. */
  readonly headerOffset: number;
}

/** Signatures and sizes of the records of a ZIP file (PKWARE APPNOTE 6.3.10, section 4.3). */
const localHeader = { signature: 0x04034b50, size: 30 } as const;
const centralHeader = { signature: 0x02014b50, size: 46 } as const;
const endRecord = { signature: 0x06054b50, size: 22 } as const;
const zip64Locator = { signature: 0x07064b50, size: 20 } as const;
const zip64EndRecord = { signature: 0x06064b50, size: 56 } as const;

const longestComment = 65_535;
const largestDirectory = 128 * 1024 * 1024;
const mostEntries = 1_000_000;

/** What a 16- or 32-bit field holds where the value stands in the ZIP64 part. */
const elsewhere16 = 0xffff;
const elsewhere32 = 0xffffffff;

/** The entries of a ZIP archive, ZIP64 included. `unfinished`: there is no directory at the end, as in a file that is still being written or copied. */
export async function readZipDirectory(
  file: ByteSource,
): Promise<Result<readonly ZipEntry[], 'bad-file' | 'unfinished'>> {
  const tailStart = Math.max(0, file.size - longestComment - endRecord.size - zip64Locator.size);
  const tail = await file.read(tailStart, file.size - tailStart);
  const end = findEnd(tail);
  if (end === undefined)
    return fail(
      'unfinished',
      `${file.path} is a ZIP file without its directory: it is still being written, or was cut.`,
    );
  const place = await directoryPlace(file, tail, end);
  const fits = place !== undefined && place.offset + place.length <= file.size && place.length <= largestDirectory;
  if (!fits) return fail('bad-file', `${file.path} is a ZIP file whose directory does not lie within it.`);
  const entries = readEntries(await file.read(place.offset, place.length));
  return entries === undefined ? fail('bad-file', `${file.path} is a ZIP file with a damaged directory.`) : ok(entries);
}

/** Where an entry's data begin, behind its local header; undefined where there is no header. */
export async function dataOffset(
  file: ByteSource,
  { headerOffset }: Pick<ZipEntry, 'headerOffset'>,
): Promise<number | undefined> {
  const header = await file.read(headerOffset, localHeader.size);
  if (header.length < localHeader.size) return undefined;
  const view = viewOf(header);
  if (view.getUint32(0, true) !== localHeader.signature) return undefined;
  return headerOffset + localHeader.size + view.getUint16(26, true) + view.getUint16(28, true);
}

/** Where the end record stands in the tail: the last one whose comment reaches to the end of the file. */
function findEnd(tail: Uint8Array): number | undefined {
  const view = viewOf(tail);
  for (let at = tail.length - endRecord.size; at >= 0; at--) {
    if (view.getUint32(at, true) !== endRecord.signature) continue;
    if (at + endRecord.size + view.getUint16(at + 20, true) === tail.length) return at;
  }
  return undefined;
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

async function directoryPlace(file: ByteSource, tail: Uint8Array, end: number): Promise<Place | undefined> {
  const view = viewOf(tail);
  const length = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
  const isElsewhere =
    view.getUint16(end + 10, true) === elsewhere16 || length === elsewhere32 || offset === elsewhere32;
  if (!isElsewhere) return { offset, length };
  const locator = end - zip64Locator.size;
  // Without a locator the values mean themselves.
  if (locator < 0 || view.getUint32(locator, true) !== zip64Locator.signature) return { offset, length };
  const at = Number(view.getBigUint64(locator + 8, true));
  if (at > file.size - zip64EndRecord.size) return undefined;
  const record = viewOf(await file.read(at, zip64EndRecord.size));
  if (record.byteLength < zip64EndRecord.size || record.getUint32(0, true) !== zip64EndRecord.signature)
    return undefined;
  return { offset: Number(record.getBigUint64(48, true)), length: Number(record.getBigUint64(40, true)) };
}

function readEntries(directory: Uint8Array): readonly ZipEntry[] | undefined {
  const view = viewOf(directory);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + centralHeader.size <= directory.length && entries.length < mostEntries) {
    if (view.getUint32(at, true) !== centralHeader.signature) break;
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const extraStart = at + centralHeader.size + nameLength;
    const next = extraStart + extraLength + view.getUint16(at + 32, true);
    if (next > directory.length) return undefined;
    const name = new TextDecoder().decode(directory.subarray(at + centralHeader.size, extraStart));
    const [method, crc32] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    entries.push({ name, method, crc32, ...sizesOf(view, at, extraStart, extraLength) });
    at = next;
  }
  return entries.length === 0 ? undefined : entries;
}

/** Sizes and offset; those that do not fit into 32 bits stand in the ZIP64 extra field, in this order (APPNOTE 4.5.3). */
function sizesOf(
  view: DataView,
  at: number,
  extraStart: number,
  extraLength: number,
): Pick<ZipEntry, 'size' | 'packedSize' | 'headerOffset'> {
  let extra = zip64Extra(view, extraStart, extraStart + extraLength);
  const wide = (short: number): number => {
    if (short !== elsewhere32 || extra === undefined || extra.start + 8 > extra.end) return short;
    const value = Number(view.getBigUint64(extra.start, true));
    extra = { start: extra.start + 8, end: extra.end };
    return value;
  };
  const size = wide(view.getUint32(at + 24, true));
  const packedSize = wide(view.getUint32(at + 20, true));
  return { size, packedSize, headerOffset: wide(view.getUint32(at + 42, true)) };
}

function zip64Extra(
  view: DataView,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) return { start: at + 4, end: Math.min(end, at + 4 + length) };
    at += 4 + length;
  }
  return undefined;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
