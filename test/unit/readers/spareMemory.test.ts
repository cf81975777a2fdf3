import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { open, readdir, stat } from '../../../src/readers/files/disk.ts';
import { readSmallText } from '../../../src/readers/files/jsonFile.ts';
import {
  enlargeColumn,
  givePiece,
  giveRows,
  keptRows,
  takeColumn,
  takePiece,
  trimColumn,
} from '../../../src/readers/files/spareMemory.ts';

/** Columns as a reader fills them, each with numbers of its own. */
function column(count: number, first: number, lent: boolean): Float64Array {
  let room = takeColumn(4);
  for (let at = 0; at < count; at++) {
    if (at === room.length) room = enlargeColumn(room, at * 2);
    room[at] = first + at;
  }
  return trimColumn(room, count, lent);
}

test('memory that is used again never belongs to two columns, and nobody sees what was in it before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(70), { minLength: 3, maxLength: 9 }), { maxLength: 12 }), (runs) => {
      for (const [run, counts] of runs.entries()) {
        const columns = counts.map((count, index) => column(count, run * 1e6 + index * 1e3, run % 2 === 0));
        for (const [index, each] of columns.entries())
          assert.deepEqual(
            [...each],
            Array.from({ length: counts[index]! }, (_, at) => run * 1e6 + index * 1e3 + at),
          );
        assert.equal(new Set(columns.map(({ buffer }) => buffer)).size, columns.length);
        const [steps, wallTimes, values] = columns as [Float64Array, Float64Array, Float64Array];
        giveRows([{ tag: 'x', steps, wallTimes, values }]);
      }
    }),
  );
});

test('rows that are kept after all do not hold on to the memory around them', () => {
  giveRows([
    { tag: 'x', steps: new Float64Array(900), wallTimes: new Float64Array(900), values: new Float64Array(900) },
  ]);
  const lent = { tag: 'x', steps: column(2, 5, true), wallTimes: column(2, 6, true), values: column(2, 7, true) };
  assert.ok(lent.steps.buffer.byteLength > 16);
  const [kept] = keptRows([lent]);
  assert.deepEqual(
    [[...kept!.steps], [...kept!.values]],
    [
      [5, 6],
      [7, 8],
    ],
  );
  assert.equal(kept!.steps.buffer.byteLength, 16);
});

test('a piece is somebody else’s only after it was given back', () => {
  const one = takePiece(5_000);
  const other = takePiece(5_000);
  assert.notEqual(one, other);
  givePiece(one);
  assert.equal(takePiece(4_000), one);
});

test('the disk answers as the system does, and a pipe in place of a file keeps nobody waiting', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'disk-'));
  try {
    const file = path.join(folder, 'a.txt');
    writeFileSync(file, 'abcdef');
    const handle = await open(file);
    const into = new Uint8Array(8);
    assert.equal((await handle.read(into, 1, 4, 2)).bytesRead, 4);
    await handle.close();
    assert.equal(Buffer.from(into.subarray(1, 5)).toString(), 'cdef');
    assert.equal((await stat(file)).size, 6n);
    assert.deepEqual(await readdir(folder), ['a.txt']);
    for (const ask of [open, stat, readdir])
      await assert.rejects(async () => ask(path.join(folder, 'none')), { code: 'ENOENT' });
    const pipe = path.join(folder, 'config.json');
    execFileSync('mkfifo', [pipe]);
    assert.deepEqual(await readSmallText(pipe), { ok: true, value: '' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const none = new Float64Array(0);

/** One series as a reader gathers it: three columns that grow together, of which the first one's length is asked. */
function gather(count: number, firstCapacity: number, lent: boolean) {
  let columns = [none, none, none];
  for (let row = 0; row < count; row++) {
    if (row === columns[0]!.length) {
      const capacity = row === 0 ? firstCapacity : 2 * row;
      columns = columns.map((column) => enlargeColumn(column, capacity));
    }
    columns.forEach((column, index) => {
      column[row] = 1000 * index + row;
    });
  }
  const [steps, wallTimes, values] = columns.map((column) => trimColumn(column, count, lent));
  return { tag: 'a', steps: steps!, wallTimes: wallTimes!, values: values! };
}

test('columns that are used again lose and mix up nothing, whatever was given back before', () => {
  const run = fc.record({
    count: fc.integer({ min: 0, max: 3000 }),
    first: fc.integer({ min: 1, max: 400 }),
    lent: fc.boolean(),
  });
  const property = fc.property(fc.array(run, { minLength: 1, maxLength: 12 }), (runs) => {
    for (const { count, first, lent } of runs) {
      const batch = gather(count, first, lent);
      [batch.steps, batch.wallTimes, batch.values].forEach((column, index) => {
        assert.deepEqual(
          [...column],
          Array.from({ length: count }, (_, row) => 1000 * index + row),
        );
      });
      giveRows([batch]);
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test('a column has the length that was asked for, also where a larger one is spare', () => {
  giveRows([{ tag: 'a', steps: new Float64Array(5000), wallTimes: none, values: none }]);
  assert.equal(takeColumn(10).length, 10);
});
