import { FrameWalker, headerBytes } from './frames.ts';
import { isEventFile } from './names.ts';

/**
 * Whether a file may be an event file: by its name, or by a sound record at its beginning (`head` is its first 12 bytes or more, or as many as there are).
 * A file of the right name may still turn out to hold no record at all.
 */
export function looksLikeEventFile(name: string, head: Uint8Array): boolean {
  if (isEventFile(name)) return true;
  return head.length >= headerBytes && new FrameWalker(head).look() !== 'badLength';
}
