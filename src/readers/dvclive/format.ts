import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** DVCLive folders. It sees nothing yet: the reader follows in the next commits. */
export const dvcliveFormat: RunFormat = {
  source: 'dvclive',
  title: 'DVCLive folders',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
