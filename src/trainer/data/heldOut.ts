import { createHash } from 'node:crypto';
import { mixed } from './exampleOrder.ts';

/**
 * Which of `count` units are held out for tests: as many as `fraction` says, at least one where there are two or more, those with the smallest hashes of
 * `key` and their number. So the choice depends on nothing but key, count and fraction; it is the same in every run, whatever its seed.
 */
export function heldOut(count: number, fraction: number, key: string): Uint8Array {
  const chosen = new Uint8Array(count);
  if (fraction <= 0 || count < 2) return chosen;
  const wanted = Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
  const start = createHash('sha256').update(key).digest().readUInt32LE();
  const hashes = Uint32Array.from({ length: count }, (_, i) => mixed(start ^ mixed(i)));
  const limit = hashes.slice().sort()[wanted - 1]!;
  // The hash is a bijection of the number, so no two are equal.
  for (let i = 0; i < count; i++) if (hashes[i]! <= limit) chosen[i] = 1;
  return chosen;
}
