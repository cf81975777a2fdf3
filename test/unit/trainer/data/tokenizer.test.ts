import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TokenFacts } from '../../../../src/recipes/data.ts';
import { openTokenizer } from '../../../../src/trainer/data/tokens/tokenizerFile.ts';
import { temporaryFolder } from '../support.ts';
import { badDataSays } from './badDataSays.ts';
import { allExamples, request, tokenSource, withSet, writeFiles } from './requests.ts';

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

test('windows of a tokenizer: texts are tokenized once, kept in the cache, and made anew when they change', async (t) => {
  const cache = ownCache(t);
  const file = path.join(fixtures, 'tokenizer.json');
  const tokenizer = openTokenizer(file);
  const source = tokenSource({ vocabulary: 'tokenizer', tokenizer: file, window: 5, stride: 5 });
  const texts = { 'a.txt': truth.map(({ text }) => text).join('\n'), 'b.txt': '', 'c.txt': truth[0]!.text };
  const folder = writeFiles(temporaryFolder(t), texts);
  const kept = () => readdirSync(path.join(cache, 'trainyard', 'data'));
  const read = () =>
    withSet(request(folder, source), (set) => {
      assert.equal((set.facts as TokenFacts).vocabulary.sha256, tokenizer.facts.sha256);
      return allExamples(set).flatMap(({ tokens, weights }) => tokens.filter((_, i) => weights[i] === 1));
    });
  const wanted = () => Object.values(texts).flatMap((text) => tokenizer.encode(text));
  assert.deepEqual(await read(), wanted());
  assert.equal(kept().length, 1);
  assert.deepEqual(await read(), wanted());
  assert.equal(kept().length, 1);
  texts['b.txt'] = truth.at(-1)!.text;
  writeFiles(folder, texts);
  assert.deepEqual(await read(), wanted());
  assert.equal(kept().length, 2);
  writeFiles(folder, { 'b.txt': Buffer.from([97, 0xff, 98]) });
  await assert.rejects(read(), badDataSays(/b\.txt is no UTF-8 text in the megabyte behind byte 0/));
  assert.equal(kept().length, 2);
});

test('a long text is parted at lines, which changes no token', async (t) => {
  ownCache(t);
  const file = path.join(fixtures, 'tokenizer.json');
  const tokenizer = openTokenizer(file);
  const line = truth.map(({ text }) => text.replaceAll(/\s+/g, ' ').trim()).join(' ');
  const text = Array.from({ length: Math.ceil(200_000 / line.length) + 1 }, (_, i) => `${i}${line}`).join('\n');
  assert.ok(text.length > 200_000);
  const folder = writeFiles(temporaryFolder(t), { 'a.txt': text });
  const source = tokenSource({ vocabulary: 'tokenizer', tokenizer: file, window: 4096, stride: 4096 });
  await withSet(request(folder, source), (set) => {
    const tokens = allExamples(set).flatMap((each) => each.tokens.filter((_, i) => each.weights[i] === 1));
    assert.deepEqual(tokens, [...tokenizer.encode(text)]);
  });
});

/** A cache for this test alone. */
function ownCache(t: TestContext): string {
  const before = process.env['XDG_CACHE_HOME'];
  const cache = temporaryFolder(t);
  process.env['XDG_CACHE_HOME'] = cache;
  t.after(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });
  return cache;
}
