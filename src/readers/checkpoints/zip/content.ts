import { inflateRawSync } from 'node:zlib';
import { fail, ok, type Result } from '../../../base/result.ts';
import { dataOffset, type ZipEntry } from '../../../base/zip.ts';
import type { BytesFile } from '../bytesFile.ts';

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
