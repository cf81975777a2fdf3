import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** SLURM output files. It sees nothing yet: the reader follows in the next commits. */
export const slurmFormat: RunFormat = {
  source: 'slurm',
  title: 'SLURM output files',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
