import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitScriptSweep } from '../../../../src/extension/launch/scriptSweep.ts';

test('lists, ranges and intervals in the arguments of a plain program are the dimensions of a sweep', () => {
  const { common, axes } = splitScriptSweep([
    'data/train.csv',
    '--lr=0.1,0.01',
    '--verbose',
    '--batch-size',
    '16,32',
    'seed=range(1,4)',
    '--dropout=interval(0.0,0.5)',
    '--wd',
    'tag(log,interval(1e-5,1e-2))',
    '--name',
    'a plain text',
  ]);
  assert.deepEqual(common, ['data/train.csv', '--verbose', '--name', 'a plain text']);
  assert.deepEqual(axes, [
    { key: '--lr', values: ['0.1', '0.01'] },
    { key: '--batch-size', values: ['16', '32'] },
    { key: 'seed', values: ['1', '2', '3'] },
    { key: '--dropout', low: 0, high: 0.5 },
    { key: '--wd', low: 1e-5, high: 1e-2, log: true },
  ]);
});

test('what is no list stays as it is, word for word', () => {
  const words = ['--note=it is, so to say, "done"', '--text', "it's, well", '--list=[1,2]', 'x=1', '-1,2', '=1,2', ','];
  assert.deepEqual(splitScriptSweep(words), { common: words, axes: [] });
});

test('no word is lost and none is changed, whatever is typed', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('--a=1,2', '--b', '1,2', 'c=3', 'd=range(3)'));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const { common, axes } = splitScriptSweep(words);
      let at = 0;
      for (const kept of common) {
        at = words.indexOf(kept, at) + 1;
        assert.ok(at > 0, `${kept} is in its place`);
      }
      const taken = words.length - common.length;
      assert.ok(axes.length <= taken && taken <= 2 * axes.length);
    }),
  );
});
