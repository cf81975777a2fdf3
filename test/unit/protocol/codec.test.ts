import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, EncodedList, encodeMessage } from '../../../src/protocol/codec.ts';

/** What the messages hold: numbers of every kind, texts, lists and records. */
const values = fc.jsonValue({ maxDepth: 3 }).map((value) => (Object.is(value, -0) ? 0 : value));

test('a list that was encoded before arrives as the list itself, wherever it stands in a message', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 40 }), fc.string(), (items, text) => {
      const list = new EncodedList(items.map((item) => encodeMessage(item)));
      const arrived = decodeMessage(encodeMessage({ text, list, after: [1, list] }));
      assert.deepEqual(arrived, decodeMessage(encodeMessage({ text, list: items, after: [1, items] })));
    }),
  );
});

test('a long list of typed arrays keeps their values', () => {
  const items = Array.from({ length: 70_000 }, (_, index) => ({
    index,
    values: new Float64Array([index, Number.NaN]),
  }));
  const arrived = decodeMessage(encodeMessage(new EncodedList(items.map((item) => encodeMessage(item)))));
  assert.deepEqual(arrived, items);
});
