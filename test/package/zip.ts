import { readFileSync } from 'node:fs';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;

/** Names of the files in a ZIP archive, from its central directory (APPNOTE.TXT, 4.3.12 and 4.3.16). No ZIP64. */
export function zipNames(file: string): string[] {
  const bytes = readFileSync(file);
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let position = bytes.readUInt32LE(end + 16);
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    if (bytes.readUInt32LE(position) !== ENTRY_SIGNATURE) throw new Error(`${file} has a broken directory.`);
    const nameLength = bytes.readUInt16LE(position + 28);
    names.push(bytes.toString('utf8', position + 46, position + 46 + nameLength));
    position += 46 + nameLength + bytes.readUInt16LE(position + 30) + bytes.readUInt16LE(position + 32);
  }
  return names;
}

function findEnd(bytes: Buffer): number {
  for (let position = bytes.length - 22; position >= 0; position--) {
    if (bytes.readUInt32LE(position) === END_SIGNATURE) return position;
  }
  throw new Error('Not a ZIP archive.');
}
