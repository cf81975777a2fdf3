import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { corpus } from '../../unit/readers/support/corpus.ts';
import type { Tree } from '../target.ts';

/** Larger files are left out or cut: most of a long file is like its beginning. */
const largestFile = 48 * 1024;

/** Each folder of the corpus that holds a file of this name directly, with all that lies below, as one tree; files above a limit are cut to it. Empty where there is no corpus. */
export function corpusTrees(part: string, wanted: RegExp, { most = 6, parents = 0 } = {}): readonly Tree[] {
  const root = path.join(corpus, part);
  if (!existsSync(root)) return [];
  const folders = new Set<string>();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!wanted.test(path.basename(name))) continue;
    let folder = path.dirname(path.join(root, name));
    for (let up = 0; up < parents; up++) folder = path.dirname(folder);
    folders.add(folder);
  }
  return [...folders]
    .sort()
    .slice(0, most)
    .map(readTree)
    .filter((tree) => Object.keys(tree).length > 0);
}

function readTree(folder: string): Tree {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().slice(0, 400);
  const files = names.filter((name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile() === true);
  return Object.fromEntries(
    files
      .slice(0, 40)
      .map((name) => [name, Uint8Array.from(readFileSync(path.join(folder, name)).subarray(0, largestFile))]),
  );
}
