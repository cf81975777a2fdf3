import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packDigest, unpackDigest } from '../../../src/store/digest.ts';
import type { SeriesRow } from '../../../src/store/seriesTable.ts';
import { withScalars } from '../../../src/worker/runs/seriesStats.ts';

const batches = fc.uniqueArray(
  fc.record(
    {
      tag: fc.string({ unit: 'grapheme', maxLength: 12 }),
      values: fc.array(fc.double(), { minLength: 1, maxLength: 120 }),
      system: fc.constant(true as const),
      duplicate: fc.constant(true as const),
    },
    { requiredKeys: ['tag', 'values'] },
  ),
  { selector: ({ tag }) => tag, maxLength: 6 },
);

test('the figures of a run come back from their piece of memory as they were, wherever it lies', () => {
  fc.assert(
    fc.property(batches, fc.nat(9), (all, shift) => {
      const rows = all.map(({ values, ...batch }): SeriesRow => {
        const steps = Float64Array.from(values, (_, index) => index * 3);
        return withScalars(undefined, { ...batch, steps, wallTimes: steps, values: Float64Array.from(values) });
      });
      const packed = packDigest(rows);
      const moved = new Uint8Array(packed.length + shift).subarray(shift);
      moved.set(packed);
      assert.deepEqual(unpackDigest(moved), rows);
    }),
  );
});
