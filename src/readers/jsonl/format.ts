import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** JSON lines. It sees nothing yet: the reader follows in the next commits. */
export const jsonlFormat: RunFormat = {
  source: 'jsonl',
  title: 'JSON lines',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
