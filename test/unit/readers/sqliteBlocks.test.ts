import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BlockCache } from '../../../src/readers/sqlite/blockCache.ts';

describe('the cache of blocks', () => {
  it('gives back what was put in or nothing, though the memory of blocks that fell away is used again', () => {
    let reused = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 50, maxLength: 200 }),
        (capacity, keys) => {
          const cache = new BlockCache(capacity);
          const made = new Set<ArrayBufferLike>();
          for (const key of keys) {
            const known = cache.get(key);
            if (known !== undefined) {
              assert.equal(known[0], key);
              continue;
            }
            const spare = cache.reuse();
            if (spare !== undefined) reused++;
            const block = new Uint8Array(spare ?? new ArrayBuffer(1));
            block[0] = key;
            made.add(block.buffer);
            cache.set(key, block);
            assert.equal(cache.get(key), block);
          }
          // Two generations, and one that fell away.
          assert.ok(made.size <= 3 * capacity + 1, `${made.size} blocks were made`);
          const drained = [...cache.drain()].map(({ buffer }) => buffer);
          assert.deepEqual(new Set(drained), made);
          assert.equal(drained.length, made.size);
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(reused > 1000);
  });
});
