import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** Trackio databases. It sees nothing yet: the reader follows in the next commits. */
export const trackioFormat: RunFormat = {
  source: 'trackio',
  title: 'Trackio databases',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
