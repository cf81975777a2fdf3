import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** CSV logs. It sees nothing yet: the reader follows in the next commits. */
export const csvFormat: RunFormat = {
  source: 'csv',
  title: 'CSV logs',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
