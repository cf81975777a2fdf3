import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { MediaRecord } from '../../../../src/domain/records.ts';
import { ImageStore } from '../../../../webview/samples/imageStore.ts';
import { sampleRows, stepIndex, unionOfSteps } from '../../../../webview/samples/picture.ts';
import { initialSamplesState, parseSamplesState, samplesStateJson } from '../../../../webview/samples/state.ts';

const record = (tag: string, step: number, index = 0, wallTime = step): MediaRecord => ({
  tag,
  kind: 'image',
  step,
  index,
  wallTime,
  mime: 'image/png',
  place: { at: 'inline', text: '' },
});
const everything = () => true;

test('the scrubber goes over the union of all steps', () => {
  const media = [
    [record('a', 0), record('a', 20)],
    [record('a', 10), record('b', 20), record('b', 30)],
  ];
  assert.deepEqual(unionOfSteps(media, everything), [0, 10, 20, 30]);
  assert.deepEqual(
    unionOfSteps(media, (tag) => tag === 'a'),
    [0, 10, 20],
  );
  assert.equal(stepIndex([0, 10, 20], null), 2);
  assert.equal(stepIndex([0, 10, 20], 15), 1);
  assert.equal(stepIndex([5], 1), 0);
  assert.equal(stepIndex([], 1), -1);
});

test('every run shows its nearest earlier images, and says which step they are of', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 100 }), { minLength: 1 }), fc.nat({ max: 120 }), (steps, wanted) => {
      const items = steps.flatMap((step) => [record('a', step, 0), record('a', step, 1)]);
      const [row] = sampleRows([{ runId: 'r' as RunId, items }], everything, wanted);
      const cell = row!.cells[0]!;
      const earlier = steps.filter((step) => step <= wanted);
      assert.equal(cell.step, earlier.length === 0 ? undefined : Math.max(...earlier));
      assert.equal(cell.items.length, earlier.length === 0 ? 0 : 2);
      assert.equal(cell.firstStep, Math.min(...steps));
    }),
  );
});

test('a step that was logged twice shows the later record once', () => {
  const items = [record('a', 5, 0, 1), record('a', 5, 1, 1), record('a', 5, 0, 2)];
  const cell = sampleRows([{ runId: 'r' as RunId, items }], everything, 5)[0]!.cells[0]!;
  assert.deepEqual(
    cell.items.map((item) => [item.index, item.wallTime]),
    [
      [0, 2],
      [1, 1],
    ],
  );
});

test('the state survives being kept; damage falls back', () => {
  const state = { ...initialSamplesState, step: 40, follow: false, size: 64, pixelated: false };
  assert.deepEqual(parseSamplesState(JSON.parse(JSON.stringify(samplesStateJson(state)))), state);
  assert.deepEqual(parseSamplesState({ size: -3, runIds: 7 }), initialSamplesState);
  fc.assert(fc.property(fc.anything(), (kept) => assert.ok(parseSamplesState(kept).size > 0)));
});

test('addresses of images are given back when they fall out of use, and all at the end', async () => {
  const open = new Set<string>();
  let made = 0;
  const urls = {
    create: () => {
      const url = `blob:${made++}`;
      open.add(url);
      return url;
    },
    revoke: (url: string) => void open.delete(url),
  };
  let reads = 0;
  const read = async () => {
    reads++;
    return { mime: 'image/png', bytes: Uint8Array.of(1) };
  };
  const store = new ImageStore(read, urls, 3);
  for (let step = 0; step < 10; step++) await store.url('r' as RunId, record('a', step));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(open.size, 3);
  await store.url('r' as RunId, record('a', 9));
  assert.equal(reads, 10, 'the latest is still there');
  store.dispose();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(open.size, 0);
});

test('a failed read is tried again', async () => {
  let fails = true;
  const store = new ImageStore(
    async () => {
      if (fails) throw new Error('gone');
      return { mime: 'image/png', bytes: Uint8Array.of(1) };
    },
    { create: () => 'blob:x', revoke: () => {} },
  );
  await assert.rejects(store.url('r' as RunId, record('a', 1)), /gone/);
  fails = false;
  assert.equal(await store.url('r' as RunId, record('a', 1)), 'blob:x');
  store.dispose();
});

test('what tells how a run was set up stands behind what came of it', () => {
  const text = (tag: string): MediaRecord => ({ ...record(tag, 0), kind: 'text', mime: 'text/markdown' });
  const items = [text('config'), text('test/confusion'), record('samples', 0), text('hparams'), text('answers')];
  const rows = sampleRows([{ runId: 'r' as RunId, items }], everything, 0);
  assert.deepEqual(
    rows.map(({ tag }) => tag),
    ['samples', 'answers', 'test/confusion', 'config', 'hparams'],
  );
});
