import { createHash } from 'node:crypto';

/** The hash that identifies a data set: its shape as text, then its images and labels byte by byte. Hexadecimal SHA-256. */
export function contentHash(shape: readonly number[], images: Uint8Array, labels: Uint8Array | Uint16Array): string {
  const hash = createHash('sha256');
  hash.update(`images ${shape.join('x')} labels ${labels.BYTES_PER_ELEMENT}\n`);
  hash.update(images);
  hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return hash.digest('hex');
}
