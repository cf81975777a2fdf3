import { createHash } from 'node:crypto';
import path from 'node:path';
import { readThrough } from '../files/byteStream.ts';
import type { FoundFiles } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import type { TokenCorpus, TokenRequest } from './corpus.ts';
import type { BytesPlan } from './sequences.ts';
import { byteVocabulary } from './vocabularies.ts';

export const textEndings = ['.txt', '.text', '.md'] as const;

/** Each file is a sequence of its bytes, which are its tokens. */
export async function openText(
  found: FoundFiles,
  files: OpenFiles,
  { path: root }: TokenRequest,
): Promise<TokenCorpus> {
  const sequences: BytesPlan[] = [];
  const hash = createHash('sha256');
  for (const file of found.files) {
    const { size: length } = files.open(file);
    // The length tells where a file ends, so that the same bytes in other files have another hash.
    hash.update(`${length}\n`);
    await readThrough(files.open(file), hash, () => {});
    const name = path.relative(root, file) || path.basename(file);
    if (length > 0) sequences.push({ kind: 'bytes', file, name, length });
  }
  const stretches = sequences.map(({ length }, sequence) => ({ sequence, start: 0, end: length }));
  return { vocabulary: byteVocabulary, sequences, stretches, sha256: hash.digest('hex') };
}
