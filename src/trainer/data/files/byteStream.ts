import type { Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RandomBytes } from './randomBytes.ts';

const chunkSize = 1 << 20;

/**
 * Goes through a file from its start in pieces of a megabyte, so that a large one is never in memory whole, and lets signals in between.
 * The bytes are added to `hash`, where there is one. A piece is valid until the next one.
 */
export async function readThrough(
  file: RandomBytes,
  hash: Hash | undefined,
  visit: (bytes: Uint8Array, offset: number) => void,
): Promise<void> {
  for (let offset = 0; offset < file.size; offset += chunkSize) {
    const bytes = file.read(offset, Math.min(chunkSize, file.size - offset));
    hash?.update(bytes);
    visit(bytes, offset);
    await nextTurn();
  }
}
