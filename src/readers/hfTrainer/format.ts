import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** Hugging Face Trainer states. It sees nothing yet: the reader follows in the next commits. */
export const hfTrainerFormat: RunFormat = {
  source: 'hf-trainer',
  title: 'Hugging Face Trainer states',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
