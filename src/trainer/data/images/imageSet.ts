import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import type { DataSetRequest, DataSplit } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import { findIdxFiles, loadIdxImages } from './idx.ts';
import { findImageFolder } from './imageFolder.ts';
import { loadImageFolder } from './loadImageFolder.ts';

/**
 * Loads the data set that a recipe asks for. Undefined where one that is not required does not exist.
 * Decoded images of more than `mostResident` bytes are not kept in memory. Throws AppError 'bad-data' that names the file and what is wrong with it.
 */
export async function loadImageSet(request: DataSetRequest, mostResident?: number): Promise<DataSet | undefined> {
  const { path: folder, split, required } = request;
  if (!isFolder(folder)) {
    if (!required && !existsSync(folder)) return undefined;
    throw missingFolder(request);
  }
  const idx = findIdxFiles(folder, split);
  if (idx !== undefined) return loadIdxImages(request.name, idx);
  const images = findImageFolder(folder, split);
  if (images !== undefined) return await loadImageFolder(request.name, images, mostResident);
  if (!required) return undefined;
  throw new AppError(
    'bad-data',
    `There are no ${split} images in ${folder}: neither IDX files (${idxPrefix[split]}-images…) nor folders of PNG or JPEG files, one per class.`,
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
