import { createHash, type Hash } from 'node:crypto';
import { readThrough } from './byteStream.ts';
import type { OpenFiles } from './openFiles.ts';
import { rememberedScan } from './rememberedScan.ts';

/** Adds what a file holds, unpacked, to the hash of its set: by the SHA-256 of the file, so that one that is remembered need not be read. */
export async function addWhole(file: string, files: OpenFiles, hash: Hash): Promise<void> {
  const sha256 = await rememberedScan('file', [file], async () => {
    const own = createHash('sha256');
    await readThrough(files.open(file), own, () => {});
    return own.digest('hex');
  });
  hash.update(`${sha256}\n`);
}
