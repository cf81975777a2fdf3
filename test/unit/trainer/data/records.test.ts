import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { RecordSource } from '../../../../src/recipes/data.ts';
import type { DataSplit } from '../../../../src/recipes/recipe.ts';
import { openDataSet } from '../../../../src/trainer/data/openDataSet.ts';
import { temporaryFolder } from '../support.ts';

const source: RecordSource = {
  kind: 'records',
  vocabulary: 'dna',
  tokenizer: '',
  window: 4,
  text: 'text',
  label: 'label',
  testFraction: 0.25,
};

const open = (root: string, split: DataSplit = 'train', changes: Partial<RecordSource> = {}) =>
  openDataSet({ name: split, path: root, split, required: split === 'train', source: { ...source, ...changes } });

test('records of named files keep their parts, and both have the same classes', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, 'train.jsonl'), '{"text": "ACGTA", "label": "b"}\n\n{"text": "g", "label": "c"}\n');
  writeFileSync(path.join(folder, 'test.jsonl'), '{"text": "TT", "label": "a"}\r\n');
  const [train, held] = [await open(folder), await open(folder, 'test')];
  assert.ok(train?.facts.kind === 'tokens' && held?.facts.kind === 'tokens');
  assert.deepEqual([train.facts.examples, held.facts.examples], [2, 1]);
  assert.deepEqual(
    [train.facts.classNames, held.facts.classNames],
    [
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ],
  );
  const { tokens, weights, labels } = train.gather([0, 1, 2]);
  assert.deepEqual([...tokens!], [3, 4, 5, 6, 5, 0, 0, 0, 3, 4, 5, 6]);
  assert.deepEqual([...weights!], [1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual([...labels!], [1n, 2n, 1n]);
  assert.notEqual(train.sha256, held.sha256);
});

test('of one file, a part is held out by the number of the record, always the same', async (t) => {
  const file = path.join(temporaryFolder(t), 'all.jsonl');
  const lines = Array.from({ length: 40 }, (_, i) => JSON.stringify({ prompt: 'ACGT'[i % 4], expert: i % 2 }));
  writeFileSync(file, lines.join('\n'));
  const fields = { text: 'prompt', label: 'expert' };
  const [train, held] = [await open(file, 'train', fields), await open(file, 'test', fields)];
  assert.deepEqual([train!.facts.examples, held!.facts.examples], [30, 10]);
  assert.equal((await open(file, 'test', fields))!.sha256, held!.sha256);
  assert.equal(await open(file, 'test', { ...fields, testFraction: 0 }), undefined);
});

test('what cannot be used is told with its line', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(path.join(folder, 'empty'));
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['{"text": "A", "label": 1}\n{"text": "A"}\n', /Line 2 has no "label".* It has text/],
    ['{"body": "A", "label": 1}\n', /Line 1 has no "text".* It has body, label/],
    ['not JSON\n', /Line 1 is no JSON object/],
    ['[1]\n', /Line 1 is no JSON object/],
    ['{"text": "A", "label": 1}\n{"text": "C", "label": 1}\n', /All records have the label "1"/],
    ['{"text": "A1", "label": 1}\n{"text": "C", "label": 2}\n', /"1" is no base/],
  ];
  const file = path.join(folder, 'records.jsonl');
  for (const [text, reason] of refusals) {
    writeFileSync(file, text);
    await assert.rejects(async () => await open(file, 'train', { testFraction: 0 }), reason);
  }
  await assert.rejects(async () => await open(path.join(folder, 'empty')), /no JSON lines/);
});
