import { createHash } from 'node:crypto';
import path from 'node:path';
import { readThrough } from '../files/byteStream.ts';
import type { FoundFiles } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { rememberedScan } from '../files/rememberedScan.ts';
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
  const sha256 = await hashText(found, files);
  const sequences = found.files.flatMap((file): BytesPlan[] => {
    const { size: length } = files.open(file);
    return length === 0 ? [] : [{ kind: 'bytes', file, name: textName(root, file), length }];
  });
  const stretches = sequences.map(({ length }, sequence) => ({ sequence, start: 0, end: length }));
  return { vocabulary: byteVocabulary, sequences, stretches, sha256 };
}

/** SHA-256 of all texts. Their lengths tell where each ends, so that the same bytes in other files have another hash. */
export async function hashText(found: FoundFiles, files: OpenFiles): Promise<string> {
  // All are opened, also where their hash is remembered: whether they lie in memory decides how they are read.
  for (const file of found.files) files.open(file);
  return await rememberedScan('text', found.files, async () => {
    const hash = createHash('sha256');
    for (const file of found.files) {
      hash.update(`${files.open(file).size}\n`);
      await readThrough(files.open(file), hash, () => {});
    }
    return hash.digest('hex');
  });
}

/** The path of a text within its data set. */
export function textName(root: string, file: string): string {
  return path.relative(root, file) || path.basename(file);
}
