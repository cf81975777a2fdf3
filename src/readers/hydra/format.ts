import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** Hydra output folders. It sees nothing yet: the reader follows in the next commits. */
export const hydraFormat: RunFormat = {
  source: 'hydra',
  title: 'Hydra output folders',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
