import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentenceOf, statusText, takeWarning, type Warnings } from '../../../../src/extension/care/model.ts';

const disk = { key: 'disk', message: 'Only 2 GB are left on /data.', hint: 'Free some space.', over: false };
const heat = { key: 'gpu0', message: 'GPU 0 has 92 °C.', over: false };

test('a warning is told once, stands while it lasts, and goes when it is over', () => {
  const none: Warnings = new Map();
  const first = takeWarning(none, disk);
  assert.equal(first.isNew, true);
  assert.equal(statusText(first.warnings), '$(warning) Only 2 GB are left on /data.');
  const again = takeWarning(first.warnings, { ...disk, message: 'Only 1 GB is left on /data.' });
  assert.equal(again.isNew, false);
  const both = takeWarning(again.warnings, heat);
  assert.equal(statusText(both.warnings), '$(warning) 2 warnings');
  const over = takeWarning(both.warnings, { ...disk, over: true });
  assert.equal(over.isNew, false);
  assert.deepEqual([...over.warnings.keys()], ['gpu0']);
  assert.equal(statusText(takeWarning(over.warnings, { ...heat, over: true }).warnings), undefined);
  assert.equal(sentenceOf(disk), 'Only 2 GB are left on /data. Free some space.');
});

test('a warning that ended before it was heard of is nothing new', () => {
  assert.equal(takeWarning(new Map(), { ...disk, over: true }).isNew, false);
});
