import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** JSON registries of experiments. It sees nothing yet: the reader follows in the next commits. */
export const registryFormat: RunFormat = {
  source: 'registry',
  title: 'JSON registries of experiments',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
