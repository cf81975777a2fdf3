import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** ml-experiment-hub databases. It sees nothing yet: the reader follows in the next commits. */
export const experimentHubFormat: RunFormat = {
  source: 'experiment-hub',
  title: 'ml-experiment-hub databases',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
