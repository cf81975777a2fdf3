import { SqliteFault } from './fault.ts';

/** What the first 100 bytes of a database say (https://www.sqlite.org/fileformat2.html §1.3). */
export interface DatabaseHeader {
  readonly pageSize: number;
  /** Bytes of a page that hold content: the rest is reserved for extensions. */
  readonly usableSize: number;
  /** Writers use a write-ahead log. Their commits do not always raise the counter. */
  readonly isLogged: boolean;
  readonly changeCounter: number;
  /** Size in pages as the header knows it; 0 where it may not be believed. */
  readonly pageCount: number;
  readonly schemaCookie: number;
  readonly freePages: number;
  readonly encoding: TextEncoding;
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

export const headerBytes = 100;
/** The version of the file's form where a log is used; without it is 1. */
const loggedVersion = 2;

const magic = 'SQLite format 3\0';
const encodings: readonly TextEncoding[] = ['utf-8', 'utf-8', 'utf-16le', 'utf-16be'];

/** Whether bytes begin as a database does. */
export function looksLikeDatabase(head: Uint8Array): boolean {
  return head.length >= 16 && [...magic].every((letter, index) => head[index] === letter.charCodeAt(0));
}

/** Reads the header. Throws SqliteFault where it is none. */
export function readHeader(bytes: Uint8Array): DatabaseHeader {
  if (bytes.length < headerBytes || !looksLikeDatabase(bytes))
    throw new SqliteFault(
      'The file does not begin as a SQLite database does; it may be another kind of file, or encrypted.',
      0,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pageSize = readPageSize(view.getUint16(16));
  const usableSize = pageSize - bytes[20]!;
  if (usableSize < 480) throw new SqliteFault('The header reserves more of every page than SQLite allows.', 0);
  const changeCounter = view.getUint32(24);
  const isSizeValid = view.getUint32(92) === changeCounter;
  return {
    pageSize,
    usableSize,
    isLogged: bytes[19] === loggedVersion,
    changeCounter,
    pageCount: isSizeValid ? view.getUint32(28) : 0,
    schemaCookie: view.getUint32(40),
    freePages: view.getUint32(36),
    encoding: encodings[view.getUint32(56)] ?? 'utf-8',
  };
}

/** A page has 512 to 65536 bytes, a power of two; 65536 does not fit into the field and is written as 1. */
export function readPageSize(field: number): number {
  const size = field === 1 ? 65536 : field;
  if (size < 512 || size > 65536 || (size & (size - 1)) !== 0)
    throw new SqliteFault(`The header gives a page size of ${size} bytes, which SQLite does not have.`, 0);
  return size;
}
