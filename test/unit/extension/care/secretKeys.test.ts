import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStoredAnswer, isWrongAnswer, secretKey } from '../../../../src/extension/care/secretKeys.ts';

const question = (prompt: string, kind: 'secret' | 'confirm' | 'notice' = 'secret') => ({ host: 'box', prompt, kind });

test('answers are kept by host and question; codes and host keys never', () => {
  const phrase = question("Enter passphrase for key '/home/me/.ssh/id': ");
  assert.equal(secretKey(phrase), "trainyard.ssh/box/Enter passphrase for key '/home/me/.ssh/id':");
  assert.notEqual(secretKey(phrase), secretKey({ ...phrase, host: 'other' }));
  assert.equal(hasStoredAnswer(phrase), true);
  assert.equal(hasStoredAnswer(question('Verification code: ')), false);
  assert.equal(hasStoredAnswer(question('Are you sure (yes/no)?', 'confirm')), false);
});

test('a kept answer that is asked for again at once was wrong', () => {
  assert.equal(isWrongAnswer(undefined, 1000), false);
  assert.equal(isWrongAnswer(1000, 5000), true);
  assert.equal(isWrongAnswer(1000, 3_600_000), false);
});
