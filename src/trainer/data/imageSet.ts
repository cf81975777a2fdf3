import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { DataSetRequest, DataSplit } from '../../recipes/recipe.ts';
import { findIdxFiles, loadIdxImages } from './idx.ts';
import type { LabelledImages } from './labelledImages.ts';
import { loadPngFolder, pngFolder } from './pngFolder.ts';

/**
 * Loads the data set that a recipe asks for. Undefined where one that is not required does not exist.
 * Throws AppError 'bad-data' that names the file and what is wrong with it.
 */
export function loadImageSet(request: DataSetRequest): LabelledImages | undefined {
  const { path: folder, split, required } = request;
  if (!isFolder(folder)) {
    if (!required && !existsSync(folder)) return undefined;
    throw missingFolder(request);
  }
  const idx = findIdxFiles(folder, split);
  if (idx !== undefined) return loadIdxImages(request.name, idx);
  const pngs = pngFolder(folder, split);
  if (pngs !== undefined) return loadPngFolder(request.name, pngs);
  if (!required) return undefined;
  throw new AppError(
    'bad-data',
    `There are no ${split} images in ${folder}: neither IDX files (${idxPrefix[split]}-images…) nor folders of PNG files, one per class.`,
    { hint: 'Set data to the folder that holds the data set.' },
  );
}

const idxPrefix = { train: 'train', test: 't10k' } satisfies { [Name in DataSplit]: string };

function missingFolder({ path: folder, name }: DataSetRequest): AppError {
  if (folder === '') {
    return new AppError('bad-data', `The path of the ${name} data set is not given.`, {
      hint: 'Set data to the folder that holds the data set, for instance data=/path/to/mnist.',
    });
  }
  const what = existsSync(folder) ? 'is not a folder' : 'does not exist';
  return new AppError('bad-data', `The folder of the ${name} data set ${what}: ${path.resolve(folder)}`, {
    hint: 'Set data to the folder that holds the data set.',
  });
}

function isFolder(folder: string): boolean {
  return folder !== '' && (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false);
}
