import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import path from 'node:path';
import { writeFully } from '../../files/durableFile.ts';
import { badData, spaced } from '../files/badData.ts';
import { readThrough } from '../files/byteStream.ts';
import { cachedFile } from '../files/dataCache.ts';
import type { FoundFiles } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import type { TokenCorpus, TokenRequest } from './corpus.ts';
import { type IdsPlan, idBytes } from './sequences.ts';
import { hashText, textName } from './textFiles.ts';
import { type OpenedTokenizer, openTokenizer } from './tokenizerFile.ts';

/** A text is tokenized in pieces of about so many letters. */
const pieceLength = 64 * 1024;

/**
 * Each file is a sequence of the tokens of its text. They are made once and kept in a file of the cache, from which windows are read: first the number of tokens of each text (uint64), then
 * the tokens (uint32), little-endian. Long texts are parted where a line begins, and tokenized as if each part were a text of its own.
 */
export async function openTokenizedText(
  found: FoundFiles,
  files: OpenFiles,
  { path: root, source }: TokenRequest,
): Promise<TokenCorpus> {
  const tokenizer = openTokenizer(source.tokenizer);
  const text = await hashText(found, files);
  const sha256 = createHash('sha256').update(`${text} ${tokenizer.facts.sha256}\n`).digest('hex');
  const cached = await cachedFile(`${sha256}.tokens`, (handle) => writeTokens(handle, found.files, files, tokenizer));
  const sequences = readIndex(cached, found.files, files).map(({ offset, length, file }): IdsPlan => {
    return { kind: 'ids', file: cached, name: textName(root, file), offset, length };
  });
  const stretches = sequences.map(({ length }, sequence) => ({ sequence, start: 0, end: length }));
  return { vocabulary: tokenizer.facts, sequences, stretches, sha256 };
}

const countBytes = 8;

async function writeTokens(
  handle: number,
  texts: readonly string[],
  files: OpenFiles,
  tokenizer: OpenedTokenizer,
): Promise<void> {
  // The counts are known when the tokens are, so their place is filled twice.
  const counts = new BigUint64Array(texts.length);
  writeFully(handle, bytesOf(counts));
  for (const [i, file] of texts.entries()) {
    await eachPiece(file, files, (piece) => {
      const ids = Uint32Array.from(tokenizer.encode(piece));
      counts[i]! += BigInt(ids.length);
      writeFully(handle, bytesOf(ids));
    });
  }
  writeSync(handle, bytesOf(counts), 0, counts.byteLength, 0);
}

async function eachPiece(file: string, files: OpenFiles, take: (piece: string) => void): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  const add = (decode: () => string, offset: number) => {
    rest += orRefuse(decode, file, offset);
    for (let end = pieceEnd(rest); end !== undefined; end = pieceEnd(rest)) {
      take(rest.slice(0, end));
      rest = rest.slice(end);
    }
  };
  await readThrough(files.open(file), undefined, (bytes, offset) =>
    add(() => decoder.decode(bytes, { stream: true }), offset),
  );
  add(() => decoder.decode(), files.open(file).size);
  if (rest !== '') take(rest);
}

/** Where a long text may be parted: behind a line end between letters, where tokenizers begin a new word anyhow. */
function pieceEnd(text: string): number | undefined {
  if (text.length <= 2 * pieceLength) return undefined;
  lineStart.lastIndex = pieceLength;
  const match = lineStart.exec(text);
  return match === null ? undefined : match.index + 2;
}

const lineStart = /\S\n(?=\S)/g;

function orRefuse(decode: () => string, file: string, offset: number): string {
  try {
    return decode();
  } catch {
    const hint = 'Turn it into UTF-8, or train on its bytes: vocabulary=bytes.';
    const where = `in the megabyte behind byte ${spaced(offset)}`;
    throw badData(`${path.basename(file)} is no UTF-8 text ${where}.`, { file, hint });
  }
}

function readIndex(
  cached: string,
  texts: readonly string[],
  files: OpenFiles,
): { readonly file: string; readonly offset: number; readonly length: number }[] {
  const head = files.open(cached).read(0, texts.length * countBytes);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let offset = texts.length * countBytes;
  return texts.flatMap((file, i) => {
    const length = Number(view.getBigUint64(i * countBytes, true));
    const place = { file, offset, length };
    offset += length * idBytes;
    return length === 0 ? [] : [place];
  });
}

function bytesOf(values: Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
