import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** Lightning CSV logs. It sees nothing yet: the reader follows in the next commits. */
export const lightningFormat: RunFormat = {
  source: 'lightning',
  title: 'Lightning CSV logs',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
