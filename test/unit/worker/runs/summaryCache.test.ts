import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { PollResult } from '../../../../src/domain/records.ts';
import type { RunSummary } from '../../../../src/domain/run.ts';
import { decodeMessage, encodeMessage } from '../../../../src/protocol/codec.ts';
import { openDatabase } from '../../../../src/store/database.ts';
import { SeriesTable } from '../../../../src/store/seriesTable.ts';
import { LiveRun } from '../../../../src/worker/runs/liveRun.ts';
import { noMarks, summaryOf } from '../../../../src/worker/runs/summary.ts';
import { SummaryCache } from '../../../../src/worker/runs/summaryCache.ts';

const nothing: PollResult = { scalars: [], media: [], facts: {}, problems: [], cursor: {}, reset: false, more: false };

test('a summary is made again when its run, the person’s words or the queue say something new, and only then', () => {
  const opened = openDatabase(':memory:');
  assert.ok(opened.ok);
  const found = { source: 'tensorboard', path: '/runs/one', root: '/runs', name: 'one' } as const;
  const row = { id: 'one' as RunId, ...found, foundAt: 5, facts: {}, problems: [] };
  const run = new LiveRun(
    { ...row, glance: { metrics: [], sparkline: [] }, cursor: undefined },
    new SeriesTable(opened.value),
  );
  const cache = new SummaryCache();
  const first = cache.summary(run, noMarks, undefined);
  assert.deepEqual(first, summaryOf(run, noMarks));
  run.apply(nothing);
  assert.equal(cache.summary(run, noMarks, undefined), first);

  run.apply({ ...nothing, facts: { status: 'finished', statusReason: 'It said so.' } });
  assert.equal(cache.summary(run, noMarks, undefined).status, 'finished');
  const scalars = [
    {
      tag: 'loss',
      steps: Float64Array.of(1),
      wallTimes: Float64Array.of(10),
      values: Float64Array.of(Number.POSITIVE_INFINITY),
    },
  ];
  run.apply({ ...nothing, scalars });
  const valued = cache.summary(run, noMarks, undefined);
  assert.equal(valued.metrics[0]?.value, Number.POSITIVE_INFINITY);

  const marks = { ...noMarks, note: 'the good one' };
  const noted = cache.summary(run, marks, undefined);
  assert.equal(noted.note, 'the good one');
  assert.deepEqual(sent(cache, [noted]), [noted]);
  assert.deepEqual(sent(cache, [valued, noted]), [valued, noted], 'one that is no longer kept is sent as it was');
  opened.value.dispose();
});

/** The list as the other side gets it. */
function sent(cache: SummaryCache, summaries: readonly RunSummary[]): unknown {
  return decodeMessage(encodeMessage(cache.encoded(summaries)));
}
