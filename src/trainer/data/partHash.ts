import { createHash } from 'node:crypto';

/** Parts of one set of files have hashes of their own; the rule says how the part was made of them, '' where it is all of them. */
export function partHash(sha256: string, rule: string): string {
  return rule === '' ? sha256 : createHash('sha256').update(`${sha256}\n${rule}\n`).digest('hex');
}
