import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { MalformedPickle } from '../../../../src/readers/checkpoints/pickle/source.ts';
import { unpickle } from '../../../../src/readers/checkpoints/pickle/unpickle.ts';
import { PickleDict, PickleObject } from '../../../../src/readers/checkpoints/pickle/values.ts';
import { findTensors } from '../../../../src/readers/checkpoints/torch/tensors.ts';
import { configTree } from '../../../../src/readers/checkpoints/torch/tree.ts';
import { dict, op, pickle } from './support/pickle.ts';

const recorded = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/checkpoints/pickles.json'), 'utf8'),
) as { readonly value: unknown; readonly pickles: { readonly [protocol: string]: string } };

for (const [protocol, text] of Object.entries(recorded.pickles)) {
  test(`what CPython pickled with protocol ${protocol} is read as it was`, () => {
    const bytes = Buffer.from(text, 'base64');
    const { value, end, cut } = unpickle(bytes);
    assert.deepEqual(configTree(value), recorded.value);
    assert.deepEqual([end, cut], [bytes.length, undefined]);
  });
}

test('a call is written down and never made', () => {
  const bytes = pickle(
    Buffer.concat([op.global('os', 'system'), op.mark, op.text('touch /tmp/never'), op.tuple, op.reduce]),
  );
  const { value } = unpickle(bytes);
  assert.ok(value instanceof PickleObject);
  assert.deepEqual([value.path, value.args], ['os.system', ['touch /tmp/never']]);
  assert.deepEqual(configTree(unpickle(pickle(dict({ a: bytes.subarray(2, -1) }))).value), { a: 'touch /tmp/never' });
});

test('a value that holds itself, and one that names the same list a trillion times, end', () => {
  const itself = pickle(Buffer.concat([op.emptyDict, op.put(0), op.text('a'), op.get(0), op.setItem]));
  assert.ok(configTree(unpickle(itself).value));
  assert.deepEqual(findTensors(unpickle(itself).value), []);
  let nested: Buffer = Buffer.concat([op.emptyList, op.put(0)]);
  for (let level = 1; level < 60; level++)
    nested = Buffer.concat([
      nested,
      op.emptyList,
      op.put(level),
      op.get(level - 1),
      op.append,
      op.get(level - 1),
      op.append,
    ]);
  const { value } = unpickle(pickle(Buffer.concat([op.emptyDict, op.text('a'), nested, op.setItem])));
  assert.ok(JSON.stringify(configTree(value)).length < 1_000_000);
  assert.deepEqual(findTensors(value), []);
});

test('deep nesting exhausts nothing', () => {
  const deep = Buffer.concat([Buffer.alloc(200_000, ']'), Buffer.alloc(199_999, 'a')]);
  const { value } = unpickle(pickle(Buffer.concat([op.emptyDict, op.text('a'), deep, op.setItem])));
  assert.ok(configTree(value));
  assert.deepEqual(findTensors(value), []);
});

test('lengths beyond the bytes allocate nothing', () => {
  for (const head of [[0x8e], [0x8d], [0x96]]) {
    const bytes = Buffer.concat([op.protocol(4), Buffer.from(head), Buffer.alloc(8, 0x7f), op.stop]);
    assert.throws(() => unpickle(bytes), MalformedPickle);
  }
  assert.throws(() => unpickle(Buffer.from([0x8b, 0xff, 0xff, 0xff, 0x7f])), MalformedPickle);
  assert.throws(() => unpickle(Buffer.from([0x8b, 0xff, 0xff, 0xff, 0xff])), MalformedPickle);
});

test('of a dictionary that is cut, what stood before the cut is kept', () => {
  const whole = pickle(dict({ epoch: op.int(3), state: dict({ a: op.int(1), b: op.int(2) }), last: op.text('end') }));
  const { value, cut } = unpickle(whole.subarray(0, whole.length - 20));
  assert.match(cut ?? '', /ends before/);
  assert.deepEqual(configTree(value), { epoch: 3, state: { a: 1, b: 2 } });
  const within = unpickle(whole.subarray(0, whole.indexOf('b\x4a') + 6));
  assert.deepEqual(configTree(within.value), { epoch: 3, state: { a: 1, b: 2 } });
});

test('names of Python that are names of JavaScript too are plain keys', () => {
  const bytes = pickle(dict({ ['__proto__']: op.int(2), constructor: op.int(3), toString: op.int(4) }));
  const tree = configTree(unpickle(bytes).value)!;
  assert.equal(Object.getPrototypeOf(tree), Object.prototype);
  assert.deepEqual([tree['constructor'], tree['toString']], [3, 4]);
  const made = unpickle(pickle(Buffer.concat([op.global('x', 'constructor'), op.emptyTuple, op.reduce])));
  assert.deepEqual(configTree(new PickleDict()), {});
  assert.equal(configTree(made.value), undefined);
});

test('no bytes make it fail in another way, or run long', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        const { value } = unpickle(bytes);
        configTree(value);
        findTensors(value);
      } catch (error) {
        assert.ok(error instanceof MalformedPickle, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
