import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Real files with the truth about them; absent outside the project's workshop. */
export const corpus =
  process.env['TRAINYARD_CORPUS'] ?? path.resolve(import.meta.dirname, '../../../../../shared/corpus');

/** For `skip` of a test: false where the corpus is there, else why not. */
export const withoutCorpus: false | string = existsSync(corpus) ? false : `there is no corpus at ${corpus}`;

export function readTruth<T>(...parts: readonly string[]): T {
  return JSON.parse(readFileSync(path.join(corpus, ...parts), 'utf8')) as T;
}

/** All event files below a folder of the corpus. */
export function eventFilesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name).includes('tfevents') && statSync(path.join(folder, name)).isFile())
    .map((name) => path.join(folder, name))
    .sort();
}
