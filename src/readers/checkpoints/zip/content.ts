import { inflateRawSync } from 'node:zlib';
import { fail, ok, type Result } from '../../../base/result.ts';
import type { BytesFile } from '../bytesFile.ts';
import { localHeader, type ZipEntry } from './directory.ts';

/** Where an entry's data begin, behind its local header; undefined where there is no header. */
export async function dataOffset(
  file: BytesFile,
  { headerOffset }: Pick<ZipEntry, 'headerOffset'>,
): Promise<number | undefined> {
  const header = await file.read(headerOffset, localHeader.size);
  if (header.length < localHeader.size) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== localHeader.signature) return undefined;
  return headerOffset + localHeader.size + view.getUint16(26, true) + view.getUint16(28, true);
}

/** The content of an entry, at most `limit` bytes of it where it is stored plainly. A packed one above the limit is refused, and so is any other packing. */
export async function readEntry(
  file: BytesFile,
  entry: ZipEntry,
  limit: number,
): Promise<Result<Uint8Array, 'bad-file'>> {
  const offset = await dataOffset(file, entry);
  if (offset === undefined) return fail('bad-file', `${entry.name} in ${file.path} has no header.`);
  if (entry.method === 0) return ok(await file.read(offset, Math.min(entry.packedSize, limit)));
  if (entry.method !== 8) return fail('bad-file', `${entry.name} in ${file.path} is packed by an unknown method.`);
  if (entry.size > limit || entry.packedSize > limit)
    return fail('bad-file', `${entry.name} in ${file.path} is packed, and too large to be unpacked.`);
  try {
    return ok(inflateRawSync(await file.read(offset, entry.packedSize), { maxOutputLength: limit }));
  } catch (error) {
    return fail('bad-file', `${entry.name} in ${file.path} cannot be unpacked: ${(error as Error).message}`);
  }
}
