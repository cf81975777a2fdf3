import { AppError } from '../../base/errors.ts';
import type { DataSource } from '../../recipes/data.ts';
import type { DataSetRequest } from '../../recipes/recipe.ts';
import type { DataSet } from './dataSet.ts';
import { loadImageSet } from './imageSet.ts';

/**
 * Opens the data set that a recipe asks for. Undefined where one that is not required does not exist. Throws AppError 'bad-data' that names
 * the file and what is wrong with it.
 */
export function openDataSet(request: DataSetRequest): DataSet | undefined {
  return openers[request.source.kind](request);
}

const openers: { readonly [K in DataSource['kind']]: (request: DataSetRequest) => DataSet | undefined } = {
  images: loadImageSet,
  tokens: notYet,
  arrays: notYet,
};

function notYet({ source }: DataSetRequest): never {
  throw new AppError('bad-data', `Data of ${source.kind} cannot be read yet.`);
}
