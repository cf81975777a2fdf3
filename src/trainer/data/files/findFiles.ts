import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DataSetRequest, DataSplit } from '../../../recipes/recipe.ts';
import { badData } from './badData.ts';

/** The files of a data set. */
export interface FoundFiles {
  readonly files: readonly string[];
  /** Whether their names say which part they are: all of them belong to the one that was asked for. */
  readonly isNamed: boolean;
}

/** Names by which people call the parts of a data set; a file's name begins with one, a folder has it. */
export const partNames = {
  train: ['train', 'training'],
  test: ['test', 't10k', 'valid', 'validation', 'val', 'dev', 'eval'],
} as const satisfies { readonly [Name in DataSplit]: readonly string[] };

/**
 * Finds the files of a request whose names end as `endings` says, also with `.gz`. A path that is a file is that file, whatever its name. In a folder, sub-folders
 * named `train` and `test` hold the parts, or files whose names begin so (`train.txt`, `test-1.fa`); where there are no such names for both, all files below belong to
 * the set, and its rule for splitting applies. Undefined where a part that is not required is not there.
 */
export function findFiles(request: DataSetRequest, endings: readonly string[], what: string): FoundFiles | undefined {
  const { path: root, split, required } = request;
  const found = root === '' ? undefined : statSync(root, { throwIfNoEntry: false });
  if (found === undefined) {
    if (!required && root !== '') return undefined;
    throw missing(request, what);
  }
  if (found.isFile()) return { files: [root], isNamed: false };
  const named = namedFiles(root, endings);
  if (named !== undefined) return { files: named[split], isNamed: true };
  const files = filesBelow(root, endings);
  if (files.length > 0) return { files, isNamed: false };
  if (!required) return undefined;
  throw badData(`There are no ${what} in ${root}: no file in it ends in ${endings.join(', ')}.`, {
    hint: otherVocabulary(request) ?? 'Set data to a file, or to a folder of such files.',
  });
}

/** Text where DNA was asked for, or the other way round: the usual slip, since `vocabulary` has a default. */
function otherVocabulary({ path: root, source }: DataSetRequest): string | undefined {
  if (source.kind !== 'tokens') return undefined;
  const others = source.vocabulary === 'dna' ? sequenceKinds.text : sequenceKinds.dna;
  return filesBelow(root, others.endings).length > 0 ? others.hint : undefined;
}

const sequenceKinds = {
  text: { endings: ['.txt', '.text', '.md'], hint: 'There are texts in it: set vocabulary to bytes or tokenizer.' },
  dna: {
    endings: ['.fa', '.fasta', '.fna', '.ffn', '.2bit'],
    hint: 'There are FASTA or 2bit files in it: set vocabulary to dna.',
  },
} as const;

function namedFiles(root: string, endings: readonly string[]): { readonly [N in DataSplit]: string[] } | undefined {
  const find = (split: DataSplit) => {
    const folder = partNames[split].map((name) => path.join(root, name)).find(isFolder);
    if (folder !== undefined) return filesBelow(folder, endings);
    return filesIn(root, endings).filter((file) => isNamedAsPart(path.basename(file), split));
  };
  const named = { train: find('train'), test: find('test') };
  return named.train.length > 0 && named.test.length > 0 ? named : undefined;
}

/** Whether a file's name begins with that of a part: `train.txt`, `test-1.fa`. */
export function isNamedAsPart(fileName: string, split: DataSplit): boolean {
  return new RegExp(`^(?:${partNames[split].join('|')})(?:[-_.\\d]|$)`, 'i').test(fileName);
}

/** All files below a folder, in the same order on every machine. Hidden ones are left out, links to folders are not followed. */
function filesBelow(folder: string, endings: readonly string[]): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
  return [...filesIn(folder, endings), ...below.sort(byName).flatMap((each) => filesBelow(each, endings))];
}

function filesIn(folder: string, endings: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && hasEnding(name, endings))
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false)
    .sort(byName);
}

/** Whether a name ends in one of the endings, or in one and `.gz`. */
export function hasEnding(name: string, endings: readonly string[]): boolean {
  const plain = name.toLowerCase().replace(/\.gz$/, '');
  return endings.some((ending) => plain.endsWith(ending));
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The same order on every machine: the collator's locale is fixed. Numbers are ordered by their value. */
const collator = new Intl.Collator('en', { numeric: true });

export function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

function missing({ path: root, name }: DataSetRequest, what: string): Error {
  const hint = `Set data to the file or folder that holds the ${what}.`;
  if (root === '') return badData(`The path of the ${name} data set is not given.`, { hint });
  const state = existsSync(root) ? 'cannot be read' : 'does not exist';
  return badData(`The ${name} data set ${state}: ${path.resolve(root)}`, { hint });
}
