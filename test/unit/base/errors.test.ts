import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, describeError, fromErrorInfo, toErrorInfo } from '../../../src/base/errors.ts';

test('errors of the file system get codes and hints of their own', () => {
  const limited = toErrorInfo(Object.assign(new Error('write'), { code: 'EFBIG' }));
  assert.equal(limited.code, 'disk-full');
  assert.match(limited.hint ?? '', /ulimit -f/);
  const full = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
  assert.equal(toErrorInfo(full).code, 'disk-full');
  assert.match(describeError(full), /Free some space/);
  assert.equal(toErrorInfo(Object.assign(new Error('x'), { code: 'EROFS' })).code, 'read-only');
  assert.equal(toErrorInfo(Object.assign(new Error('x'), { code: 'ENOENT' })).code, 'not-found');
});

test('an AppError survives its wire form', () => {
  const error = new AppError('bad-data', 'The file is cut.', { hint: 'Fetch it again.' });
  const back = fromErrorInfo(toErrorInfo(error));
  assert.deepEqual([back.code, back.message, back.hint], ['bad-data', 'The file is cut.', 'Fetch it again.']);
  assert.equal(toErrorInfo('text').code, 'internal');
});

test('the hint stands behind a full sentence', () => {
  const hint = 'Set data to its folder.';
  assert.equal(describeError(new AppError('bad-data', 'No folder: /d', { hint })), `No folder: /d. ${hint}`);
  assert.equal(describeError(new AppError('bad-data', 'It is cut.', { hint })), `It is cut. ${hint}`);
});
