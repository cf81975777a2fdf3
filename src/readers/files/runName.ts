import path from 'node:path';

/** A run's name for people: its folder relative to the root that was searched, with `/`; the folder's own name where it is the root. */
export function runName(root: string, folder: string): string {
  const relative = path.relative(root, folder);
  return relative === '' ? path.basename(path.resolve(folder)) : relative.split(path.sep).join('/');
}
