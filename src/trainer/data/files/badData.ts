import path from 'node:path';
import { AppError } from '../../../base/errors.ts';

/** What is wrong with data, with the file that it was found in. */
export function badData(
  message: string,
  { file, hint = 'Fetch the data again, or point data to a whole copy.', cause }: BadDataOptions = {},
): AppError {
  // The file stands within the sentence, ahead of its full stop, and once.
  const isTold = file === undefined || message.includes(path.resolve(file));
  const said = isTold ? message : message.replace(/\.?$/, ` (${path.resolve(file)}).`);
  return new AppError('bad-data', said, { hint, ...(cause === undefined ? {} : { cause }) });
}

export interface BadDataOptions {
  readonly file?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** 47040016 → "47 040 016". */
export function spaced(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}
