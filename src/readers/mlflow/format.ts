import { AppError } from '../../base/errors.ts';
import type { RunFormat } from '../format.ts';

/** MLflow stores. It sees nothing yet: the reader follows in the next commits. */
export const mlflowFormat: RunFormat = {
  source: 'mlflow',
  title: 'MLflow stores',
  match: () => undefined,
  open: () => {
    throw new AppError('internal', 'Nothing of this format is found yet, so nothing can be opened.');
  },
};
