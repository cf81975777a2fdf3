import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeSpan, escapeMarkdown } from '../../../../src/extension/ui/markdown.ts';
import { formatAge, formatDuration, formatSize, formatValue, sparkline } from '../../../../src/extension/ui/numbers.ts';

test('values keep four digits and stay short', () => {
  const shown = [0, 0.123456, 12345.678, 1234567, 1e-7, 3.1e9, -0.5, Number.NaN, Number.POSITIVE_INFINITY].map(
    formatValue,
  );
  assert.deepEqual(shown, ['0', '0.1235', '12345.68', '1234567', '1.00e-7', '3.10e9', '-0.5', 'NaN', 'Infinity']);
});

test('sparklines span lowest to highest, leave gaps, and need two values', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([1, Number.NaN, 2]), '▁ █');
  assert.equal(sparkline([3, 3]), '▁▁');
  assert.equal(sparkline([3]), '');
  assert.equal([...sparkline(Array.from({ length: 100 }, (_, index) => index))].length, 12);
});

test('sizes, times and ages', () => {
  assert.deepEqual([0, 999, 1000, 1_450_000, 9.996e9, 2e13].map(formatSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.4 MB',
    '10.0 GB',
    '20 TB',
  ]);
  assert.deepEqual([0, 59.6, 200, 3600, 90_061].map(formatDuration), ['0 s', '1 min', '3 min 20 s', '1 h', '1 d 1 h']);
  assert.deepEqual(
    [10, 60, 5400, 200_000].map((age) => formatAge(0, age)),
    ['just now', '1 min ago', '2 h ago', '2 d ago'],
  );
});

test('text from outside cannot become Markdown', () => {
  assert.equal(escapeMarkdown('a*b_[x](y) <b>'), 'a\\*b\\_\\[x\\]\\(y\\) &lt;b\\>');
  assert.equal(codeSpan('a`b'), '``a`b``');
  assert.equal(codeSpan('`'), '`` ` ``');
});
