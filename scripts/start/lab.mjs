// The sample lab as a working folder: a copy, so that runs and edits do not end up in the repository's own files.
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { repo } from '../bootstrap.mjs';

/**
 * Copies what is missing from resources/lab into the folder; files that are there already stay as they are.
 * @param {string} [folder] absent: `lab` in the repository
 * @returns {string} the absolute path of the lab
 */
export function layOutLab(folder = path.join(repo, 'lab')) {
  const source = path.join(repo, 'resources', 'lab');
  if (!existsSync(source)) throw new Error(`${source} is missing: this copy of the repository is not whole.`);
  const target = path.resolve(folder);
  cpSync(source, target, { recursive: true, force: false, errorOnExist: false });
  return target;
}
