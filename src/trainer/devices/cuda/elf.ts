import { closeSync, openSync, readSync } from 'node:fs';

/** Tags of the dynamic section and types of segments (System V ABI, chapter 5; /usr/include/elf.h). */
const tags = { end: 0n, needed: 1n, stringTable: 5n } as const;
const segments = { load: 1, dynamic: 2 } as const;
const longestName = 256;
/** Pieces of a section share this much, so that no text of it is cut. */
const piece = { size: 4_000_000, shared: 64 } as const;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Names of the libraries that a shared library of 64 bits asks for, such as `libcublasLt.so.12`; none where the file is no such library. */
export function neededLibraries(file: string): readonly string[] {
  const handle = openSync(file, 'r');
  try {
    const header = headerOf(handle);
    return header === undefined ? [] : readNeeded(handle, readSegments(handle, header));
  } finally {
    closeSync(handle);
  }
}

/** The bytes of a section of such a library, in pieces that overlap by 64; none where it has no section of that name. */
export function* readSection(file: string, name: string): Generator<Buffer> {
  const handle = openSync(file, 'r');
  try {
    const header = headerOf(handle);
    const found = header === undefined ? undefined : findSection(handle, header, name);
    if (found === undefined) return;
    for (let done = 0; done < found.size; done += piece.size - piece.shared) {
      yield readAt(handle, found.offset + done, Math.min(piece.size, found.size - done));
    }
  } finally {
    closeSync(handle);
  }
}

/** The header of a library of 64 bits in little-endian; undefined for everything else. */
function headerOf(handle: number): Buffer | undefined {
  const header = readAt(handle, 0, 64);
  const isElf64 = header.length === 64 && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  return isElf64 ? header : undefined;
}

function findSection(
  handle: number,
  header: Buffer,
  name: string,
): { readonly offset: number; readonly size: number } | undefined {
  const [start, size] = [Number(header.readBigUInt64LE(40)), header.readUInt16LE(58)];
  const [count, names] = [header.readUInt16LE(60), header.readUInt16LE(62)];
  if (size < 40) return undefined;
  const table = readAt(handle, start, size * count);
  const sections = Array.from({ length: Math.floor(table.length / size) }, (_, i) => ({
    name: table.readUInt32LE(i * size),
    offset: Number(table.readBigUInt64LE(i * size + 24)),
    size: Number(table.readBigUInt64LE(i * size + 32)),
  }));
  const texts = sections[names];
  if (texts === undefined) return undefined;
  return sections.find((each) => textOf(readAt(handle, texts.offset + each.name, longestName)) === name);
}

function readSegments(handle: number, header: Buffer): readonly Segment[] {
  const [start, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
  const table = readAt(handle, start, size * count);
  return Array.from({ length: Math.floor(table.length / size) }, (_, i) => {
    const at = i * size;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      size: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}

function readNeeded(handle: number, all: readonly Segment[]): readonly string[] {
  const dynamic = all.find(({ type }) => type === segments.dynamic);
  if (dynamic === undefined) return [];
  const table = readAt(handle, dynamic.offset, dynamic.size);
  const names: number[] = [];
  let strings: number | undefined;
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const [tag, value] = [table.readBigUInt64LE(at), Number(table.readBigUInt64LE(at + 8))];
    if (tag === tags.end) break;
    if (tag === tags.needed) names.push(value);
    if (tag === tags.stringTable) strings = fileOffset(all, value);
  }
  if (strings === undefined) return [];
  const start = strings;
  return names.map((name) => textOf(readAt(handle, start + name, longestName)));
}

/** Where an address of the loaded library lies in its file. */
function fileOffset(all: readonly Segment[], address: number): number | undefined {
  const holder = all.find(
    (each) => each.type === segments.load && address >= each.address && address < each.address + each.size,
  );
  return holder === undefined ? undefined : address - holder.address + holder.offset;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

function readAt(handle: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(handle, bytes, 0, length, offset));
}
