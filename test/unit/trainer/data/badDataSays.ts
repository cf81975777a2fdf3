import assert from 'node:assert/strict';
import { AppError } from '../../../../src/base/errors.ts';

/** For `assert.throws` and `assert.rejects`: an AppError 'bad-data' whose message fits. */
export function badDataSays(says: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'bad-data');
    assert.match(error.message, says);
    return true;
  };
}
