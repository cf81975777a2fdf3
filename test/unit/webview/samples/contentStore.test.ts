import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { RunId } from '../../../../src/domain/ids.ts';
import { contentMimes } from '../../../../src/domain/mediaContent.ts';
import type { MediaRecord } from '../../../../src/domain/records.ts';
import { ContentStore } from '../../../../webview/samples/content/contentStore.ts';
import { fileOf } from '../../../../webview/samples/content/saving.ts';

const record = (step: number): MediaRecord => ({
  ...{ tag: 'note', kind: 'text', step, wallTime: step, index: 0, mime: 'text/plain' },
  place: { at: 'inline', text: '' },
});
const run = 'r' as RunId;

test('a value is read once while it is kept, a few are read at a time, and the oldest fall out', async () => {
  let [running, most] = [0, 0];
  const reads: number[] = [];
  const store = new ContentStore(async (_runId, { step }) => {
    reads.push(step);
    running++;
    most = Math.max(most, running);
    await setImmediate();
    running--;
    return { mime: 'text/plain', bytes: new Uint8Array(40) };
  }, 100);
  await Promise.all(Array.from({ length: 20 }, (_, step) => store.content(run, record(step))));
  assert.equal(most, 6);
  assert.equal(reads.length, 20);
  await store.content(run, record(19));
  assert.equal(reads.length, 20);
  await store.content(run, record(0));
  assert.deepEqual(reads.slice(20), [0]);
});

test('two questions for one value are one read, and a failure is asked again', async () => {
  let reads = 0;
  const store = new ContentStore(async () => {
    reads++;
    await setImmediate();
    if (reads === 1) throw new Error('The file is gone.');
    return { mime: 'text/plain', bytes: new Uint8Array(1) };
  });
  const both = await Promise.allSettled([store.content(run, record(1)), store.content(run, record(1))]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await store.content(run, record(1));
  assert.equal(reads, 2);
});

test('values are saved for other programs: numbers as CSV with quotes where they are needed, the rest as it is', () => {
  const content = (mime: string, value: unknown) => ({
    mime,
    bytes: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
  });
  const saved = (given: Partial<MediaRecord>, mime: string, value: unknown) => {
    const { name, bytes } = fileOf('run a', { ...record(3), ...given }, content(mime, value));
    return [name, new TextDecoder().decode(bytes)];
  };
  const table = {
    columns: ['a', 'b"c'],
    rows: [
      [1, 'x,y'],
      [null, { file: 'p.png' }],
    ],
    totalRows: 2,
  };
  assert.deepEqual(saved({ tag: 'val/t' }, contentMimes.table, table), [
    'run-a-val-t-step-3.csv',
    'a,"b""c"\r\n1,"x,y"\r\n,"{""file"":""p.png""}"\r\n',
  ]);
  assert.deepEqual(saved({}, contentMimes.histogram, { edges: [0, 1, 2], counts: [3, 4] }), [
    'run-a-note-step-3.csv',
    'left,right,count\r\n0,1,3\r\n1,2,4\r\n',
  ]);
  const place = { at: 'file', file: 'media/x.GLB' } as const;
  assert.deepEqual(saved({ place }, 'model/gltf', 'abc'), ['run-a-note-step-3.GLB', 'abc']);
  assert.deepEqual(saved({}, 'audio/x-wav; rate=8000', 'abc'), ['run-a-note-step-3.wav', 'abc']);
});
