/** One file of an archive that a test makes. */
export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array;
}

interface Placed extends ZipFile {
  readonly offset: number;
}

/**
 * A ZIP archive as PyTorch writes it: stored, with sizes in the central directory alone (flag 0x0808). With `wide`, sizes and offsets stand in ZIP64 fields. `base` is added to every offset,
 * for an archive whose parts lie far apart.
 */
export function makeZip(
  files: readonly ZipFile[],
  { wide = false, base = 0 } = {},
): {
  readonly body: Buffer;
  readonly directory: Buffer;
} {
  const parts: Buffer[] = [];
  const placed: Placed[] = [];
  let offset = base;
  for (const { name, content } of files) {
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50);
    header.writeUInt16LE(0x0808, 6);
    header.writeUInt16LE(name.length, 26);
    placed.push({ name, content, offset });
    parts.push(header, Buffer.from(name), Buffer.from(content));
    offset += 30 + name.length + content.length;
  }
  const entries = Buffer.concat(placed.map((file) => centralEntry(file, wide)));
  return {
    body: Buffer.concat(parts),
    directory: Buffer.concat([entries, endOf(placed.length, entries.length, offset, wide)]),
  };
}

/** Body and directory one after the other. */
export function zipOf(files: readonly ZipFile[], options: { readonly wide?: boolean } = {}): Buffer {
  const { body, directory } = makeZip(files, options);
  return Buffer.concat([body, directory]);
}

function centralEntry({ name, content, offset }: Placed, wide: boolean): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50);
  entry.writeUInt32LE(wide ? 0xffffffff : content.length, 20);
  entry.writeUInt32LE(wide ? 0xffffffff : content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(wide ? 28 : 0, 30);
  entry.writeUInt32LE(wide ? 0xffffffff : offset, 42);
  const extra = Buffer.alloc(wide ? 28 : 0);
  if (wide) {
    extra.writeUInt16LE(1);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(content.length), 4);
    extra.writeBigUInt64LE(BigInt(content.length), 12);
    extra.writeBigUInt64LE(BigInt(offset), 20);
  }
  return Buffer.concat([entry, Buffer.from(name), extra]);
}

function endOf(count: number, length: number, offset: number, wide: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(wide ? 0xffff : count, 8);
  end.writeUInt16LE(wide ? 0xffff : count, 10);
  end.writeUInt32LE(wide ? 0xffffffff : length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : offset, 16);
  if (!wide) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(length), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}
