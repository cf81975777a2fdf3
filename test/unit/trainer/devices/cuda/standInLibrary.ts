/** Where the stand-in's addresses begin. */
const base = 0x1000;

/**
 * The smallest shared library of 64 bits that asks for others and has texts among its constants: a stand-in for the provider, which nothing can load. Its sections are written
 * only where it has such texts.
 */
export function standInLibrary(needed: readonly string[], constants: readonly string[] = []): Buffer {
  const segments = 2;
  const table = 64 + segments * 56;
  const strings = Buffer.from(`\0${needed.join('\0')}\0`);
  const dynamic = Buffer.concat([
    ...needed.map((name) => words(1, strings.indexOf(`\0${name}\0`) + 1)),
    words(5, base + table + 16 * (needed.length + 2)),
    words(0, 0),
  ]);
  const loaded = Buffer.concat([dynamic, strings]);
  const sections = constants.length === 0 ? undefined : sectionsOf(constants, table + loaded.length);
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(segments, 56);
  if (sections !== undefined) {
    header.writeBigUInt64LE(BigInt(sections.table), 40);
    header.writeUInt16LE(64, 58);
    header.writeUInt16LE(3, 60);
    header.writeUInt16LE(2, 62);
  }
  const load = segment(1, 0, table + loaded.length);
  return Buffer.concat([header, load, segment(2, table, dynamic.length), loaded, sections?.bytes ?? Buffer.alloc(0)]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * i);
  return bytes;
}

function segment(type: number, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(56);
  bytes.writeUInt32LE(type, 0);
  words(offset, base + offset).copy(bytes, 8);
  words(size).copy(bytes, 32);
  return bytes;
}

/** Constants, names of sections, and the table of an empty section and these two. */
function sectionsOf(constants: readonly string[], start: number): { readonly bytes: Buffer; readonly table: number } {
  const data = Buffer.from(`\0${constants.join('\0')}\0`);
  const names = Buffer.from('\0.rodata\0.shstrtab\0');
  const row = (name: string, offset: number, size: number) => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(names.indexOf(`${name}\0`), 0);
    words(offset, size).copy(bytes, 24);
    return bytes;
  };
  const empty = Buffer.alloc(64);
  const table = start + data.length + names.length;
  const rows = [empty, row('.rodata', start, data.length), row('.shstrtab', start + data.length, names.length)];
  return { bytes: Buffer.concat([data, names, ...rows]), table };
}
