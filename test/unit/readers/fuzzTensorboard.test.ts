import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { corpus, eventFilesBelow, withoutCorpus } from './support/corpus.ts';
import { frame, readAll, runAt, temporaryFolder } from './support/events.ts';

const sources = ['tensorboard', 'tensorboard_made']
  .flatMap((folder) => eventFilesBelow(path.join(corpus, folder)))
  .filter((_, index) => index % 3 === 0);

/** One way to spoil a file: at a place (0 to 1 of its length) with some bytes. */
const spoilings = {
  flip: (file: Buffer, at: number, [bits = 1]: Uint8Array) => {
    file[at]! ^= bits || 1;
    return file;
  },
  overwrite: (file: Buffer, at: number, bytes: Uint8Array) => {
    file.set(bytes.subarray(0, file.length - at), at);
    return file;
  },
  insert: (file: Buffer, at: number, bytes: Uint8Array) =>
    Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]),
  remove: (file: Buffer, at: number, bytes: Uint8Array) =>
    Buffer.concat([file.subarray(0, at), file.subarray(at + bytes.length * 3)]),
  zero: (file: Buffer, at: number, bytes: Uint8Array) =>
    file.fill(0, at, Math.min(file.length, at + bytes.length * 20)),
} as const;

const spoiling = fc.record({
  how: fc.constantFrom(...(Object.keys(spoilings) as (keyof typeof spoilings)[])),
  where: fc.double({ min: 0, max: 0.999, noNaN: true }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
});

/** Splits a sound file into its payloads. */
function payloads(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 16 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    found.push(file.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  return found;
}

async function mustRead(context: { after(cleanUp: () => void): void }, content: Buffer): Promise<void> {
  const folder = temporaryFolder(context as never);
  writeFileSync(path.join(folder, 'events.out.tfevents.1700000000.host'), content);
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  for (const { steps, wallTimes, values } of found.rows.values()) {
    assert.equal(steps.length, values.length);
    assert.equal(wallTimes.length, values.length);
    for (const step of steps) assert.equal(typeof step, 'number');
  }
  for (const { place } of found.media) {
    assert.equal(place.at, 'range');
    const { offset, length } = place as { offset: number; length: number };
    assert.ok(offset >= 0 && length >= 0 && offset + length <= content.length);
  }
}

test('no spoiled file makes the reader fail, hang or point outside the file', {
  skip: withoutCorpus,
}, async (context) => {
  const files = sources.map((file) => readFileSync(file));
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: files.length - 1 }),
      fc.array(spoiling, { minLength: 1, maxLength: 5 }),
      async (which, steps) => {
        let content: Buffer = Buffer.from(files[which]!);
        for (const { how, where, bytes } of steps)
          content = spoilings[how](content, Math.floor(where * content.length), bytes);
        await mustRead(context, content);
      },
    ),
    { numRuns: 150 },
  );
});

test('no spoiled event with a right checksum makes the reader fail, hang or point outside the file', {
  skip: withoutCorpus,
}, async (context) => {
  const records = sources
    .slice(0, 1)
    .concat(eventFilesBelow(path.join(corpus, 'tensorboard_made')))
    .flatMap((file) => payloads(readFileSync(file)).slice(0, 8));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: records.length - 1 }), spoiling), { minLength: 1, maxLength: 12 }),
      async (spoiled) => {
        const content = spoiled.map(([which, { how, where, bytes }]) => {
          const record = Buffer.from(records[which]!);
          // The first bytes hold the structure; the rest of a picture is only content.
          return frame(spoilings[how](record, Math.floor(where * Math.min(record.length, 400)), bytes));
        });
        await mustRead(context, Buffer.concat(content));
      },
    ),
    { numRuns: 150 },
  );
});
