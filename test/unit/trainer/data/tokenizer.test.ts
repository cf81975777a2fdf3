import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openTokenizer } from '../../../../src/trainer/data/tokens/tokenizerFile.ts';
import { temporaryFolder } from '../support.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/languageModels');
const truth = JSON.parse(readFileSync(path.join(fixtures, 'tokenizer.truth.json'), 'utf8')) as readonly {
  readonly text: string;
  readonly ids: readonly number[];
  readonly whole: readonly number[];
}[];

test('tokens of a byte-level BPE are those of the tokenizers library, and give the text back', () => {
  const tokenizer = openTokenizer(path.join(fixtures, 'tokenizer.json'));
  const { size, pad, mask, unknown, sha256 } = tokenizer.facts;
  assert.deepEqual([size, pad, unknown, mask], [40, 0, 1, 2]);
  assert.match(sha256!, /^[0-9a-f]{64}$/);
  for (const { text, ids, whole } of truth) {
    assert.deepEqual([...tokenizer.encode(text)], ids, text);
    assert.deepEqual([...tokenizer.encode(text, true)], whole, text);
    assert.equal(tokenizer.decode(whole), text);
  }
});

test('what is no tokenizer is refused with the way out', (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'tokenizer.json');
  assert.throws(() => openTokenizer(''), /is not given/);
  assert.throws(() => openTokenizer(file), /There is no tokenizer/);
  for (const text of ['{', '{}', '[]', '{"model": {"type": "Unheard"}}']) {
    writeFileSync(file, text);
    assert.throws(() => openTokenizer(file), /cannot be read.*tokenizer\.json/s, text);
  }
});
