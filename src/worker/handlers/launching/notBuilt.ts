import { AppError } from '../../../base/errors.ts';

/** Says that a method has no work behind it yet; goes away with the last of its callers. */
export function notBuilt(method: string): never {
  throw new AppError('internal', `${method} is not there yet.`);
}
