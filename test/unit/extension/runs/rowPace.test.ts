import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowPace } from '../../../../src/extension/runs/rowPace.ts';

/** A pace whose drawings are kept, and a wait for the next of them. */
function watched(restMs: number) {
  const drawings: (readonly string[])[] = [];
  let drew = Promise.withResolvers<void>();
  const pace = new RowPace<string>((rows) => {
    drawings.push(rows);
    drew.resolve();
    drew = Promise.withResolvers<void>();
  }, restMs);
  return { pace, drawings, next: () => drew.promise };
}

test('the first change is drawn at once; what follows within the rest is drawn together after it, each row once', async () => {
  const { pace, drawings, next } = watched(30);
  pace.redraw(['one']);
  assert.deepEqual(drawings, [['one']]);
  const second = next();
  pace.redraw(['one', 'two']);
  pace.redraw(['two', 'three']);
  assert.equal(drawings.length, 1);
  await second;
  assert.deepEqual(drawings[1], ['one', 'two', 'three']);
  pace.dispose();
});

test('what waits is forgotten when everything is drawn anew, and nothing is drawn after the end', async () => {
  const { pace, drawings } = watched(20);
  pace.redraw(['one']);
  pace.redraw(['two']);
  pace.clear();
  pace.redraw(['three']);
  pace.dispose();
  pace.redraw(['four']);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(drawings, [['one']]);
});
