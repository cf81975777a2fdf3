import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { FoundRun, MediaRecord } from '../domain/records.ts';
import { type DecodedMedia, decodeMedia } from '../readers/media/decode.ts';
import { readMedia } from './runs/runFiles.ts';

/** Kinds of pictures that cells of tables hold, by the ending of their files. */
const pictureMimes: { readonly [ending: string]: string } = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
};

/**
 * A value of a run in the form that panels know, or the picture in a cell of a table. Rejects with `not-found` where its file is gone, and with `bad-file`
 * where it lies outside of the run or is damaged.
 */
export async function readContent(
  found: FoundRun,
  record: MediaRecord,
  cell: string | undefined,
): Promise<DecodedMedia> {
  if (cell !== undefined) return await readCell(found, record, cell);
  const decoded = decodeMedia(record, await readMedia(found, record));
  if (decoded.ok) return decoded.value;
  throw new AppError('bad-file', `${record.tag} of step ${record.step} cannot be shown. ${decoded.message}`);
}

/** Names in cells are anybody's: only pictures are read, and only from the places of the run. */
async function readCell(found: FoundRun, record: MediaRecord, file: string): Promise<DecodedMedia> {
  const mime = pictureMimes[path.extname(file).toLowerCase()];
  if (record.kind !== 'table' || mime === undefined)
    throw new AppError('bad-argument', `${file} is no picture in a cell of a table.`);
  const { place } = record;
  const base = place.at === 'inline' || place.base === undefined ? {} : { base: place.base };
  return { mime, bytes: await readMedia(found, { ...record, place: { at: 'file', file, ...base } }) };
}
