import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** W&B directories. It sees nothing yet: the reader follows in the next commits. */
export const wandbFormat: RunFormat = {
  source: 'wandb',
  title: 'W&B directories',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
