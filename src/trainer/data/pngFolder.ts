import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { DataSetName, DataSplit } from '../../recipes/recipe.ts';
import { LabelledImages } from './labelledImages.ts';
import { decodePixels, type Pixels } from './pngPixels.ts';

/** PNG files by class, one folder each. Classes are numbered in the order of their names, numbers by their value. */
export interface PngFolder {
  readonly path: string;
  readonly classes: readonly { readonly name: string; readonly files: readonly string[] }[];
}

/**
 * Finds the classes of a split: the folders below `<folder>/<split>`. Where there is no such folder, the folders below `<folder>`
 * itself are the training images. Undefined where there are no PNG files.
 */
export function pngFolder(folder: string, split: DataSplit): PngFolder | undefined {
  const below = path.join(folder, split);
  const isSplit = statSync(below, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (!isSplit && split !== 'train') return undefined;
  const root = isSplit ? below : folder;
  const classes = foldersIn(root)
    .map((name) => ({ name, files: pngsIn(path.join(root, name)) }))
    .filter(({ files }) => files.length > 0);
  return classes.length === 0 ? undefined : { path: root, classes };
}

/** Decodes all files. Sizes and colours must agree, since nothing here resizes. Throws AppError 'bad-data' that names the file. */
export function loadPngFolder(name: DataSetName, folder: PngFolder): LabelledImages {
  const files = folder.classes.flatMap((each, label) => each.files.map((file) => ({ file, label })));
  const first = readPixels(files[0]!.file);
  const size = first.values.length;
  const images = new Uint8Array(files.length * size);
  const labels = new Uint16Array(files.length);
  files.forEach(({ file, label }, i) => {
    const pixels = readPixels(file);
    if (describe(pixels) !== describe(first)) {
      throw new AppError('bad-data', `${file} is ${describe(pixels)}, but ${files[0]!.file} is ${describe(first)}.`, {
        hint: 'All images of a data set must have one size and one number of colours. Convert them first.',
      });
    }
    images.set(pixels.values, i * size);
    labels[i] = label;
  });
  const { height, width, channels } = first;
  return new LabelledImages({
    name,
    path: folder.path,
    images,
    labels,
    shape: [files.length, height, width, channels],
    classes: folder.classes.length,
  });
}

function readPixels(file: string): Pixels {
  try {
    return decodePixels(readFileSync(file));
  } catch (error) {
    if (error instanceof AppError) throw new AppError(error.code, `${file}: ${error.message}`);
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('bad-data', `${file} is no whole PNG file: ${why}`, { hint: 'Remove it or make it again.' });
  }
}

function describe({ width, height, channels }: Pixels): string {
  return `${width}×${height} with ${channels === 1 ? 'grey values' : 'colours'}`;
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter(
      (name) =>
        !name.startsWith('.') && (statSync(path.join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false),
    )
    .sort(byNumberThenName);
}

function pngsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.toLowerCase().endsWith('.png') && !name.startsWith('.'))
    .sort(byNumberThenName)
    .map((name) => path.join(folder, name));
}

/** The same order on every machine: the collator's locale is fixed. */
const collator = new Intl.Collator('en', { numeric: true });

function byNumberThenName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
