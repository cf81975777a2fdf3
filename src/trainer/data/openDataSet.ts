import type { DataSource } from '../../recipes/data.ts';
import type { DataSetRequest } from '../../recipes/recipe.ts';
import { openArraySet } from './arrays/arraySet.ts';
import type { DataSet } from './dataSet.ts';
import { loadImageSet } from './images/imageSet.ts';
import { openRecordSet } from './records/recordSet.ts';
import { openTokenSet } from './tokens/tokenSet.ts';
import { openVariantSet } from './variants/variantSet.ts';

/**
 * Opens the data set that a recipe asks for. Undefined where one that is not required does not exist. Throws AppError 'bad-data' that names
 * the file and what is wrong with it.
 */
export async function openDataSet(request: DataSetRequest): Promise<DataSet | undefined> {
  const open = openers[request.source.kind] as Opener<DataSource>;
  return await open({ ...request, source: request.source });
}

type Opener<Source> = (
  request: DataSetRequest & { readonly source: Source },
) => DataSet | undefined | Promise<DataSet | undefined>;

const openers: { readonly [K in DataSource['kind']]: Opener<Extract<DataSource, { kind: K }>> } = {
  images: (request) => loadImageSet(request),
  tokens: (request) => openTokenSet(request),
  variants: openVariantSet,
  records: openRecordSet,
  arrays: (request) => openArraySet(request),
};
