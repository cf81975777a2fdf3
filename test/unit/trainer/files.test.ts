import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { AppError } from '../../../src/base/errors.ts';
import type { MediaRecord, PollResult } from '../../../src/domain/records.ts';
import { openRun } from '../../../src/readers/index.ts';
import { EventFile, newEventFileName } from '../../../src/trainer/events/eventFile.ts';
import { temporaryPrefix, writeFileDurably } from '../../../src/trainer/files/durableFile.ts';
import { imageGrid } from '../../../src/trainer/files/imageGrid.ts';
import { encodeTensors, floatTensor, floatValues, readTensors } from '../../../src/trainer/files/safetensors.ts';
import { temporaryFolder } from './support.ts';

test('tensors come back bit for bit, with their metadata, and the data are aligned', (t) => {
  const file = path.join(temporaryFolder(t), 'x.safetensors');
  const tensors = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
    fc.float32Array({ maxLength: 30 }),
    { maxKeys: 5 },
  );
  const property = fc.property(tensors, fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), (values, metadata) => {
    const list = Object.entries(values).map(([name, each]) => floatTensor(name, [1, each.length], each));
    writeFileSync(file, Buffer.concat(encodeTensors(list, metadata)));
    const read = readTensors(file);
    assert.deepEqual({ ...read.metadata }, { ...metadata });
    assert.deepEqual([...read.tensors.keys()].sort(), Object.keys(values).sort());
    for (const [name, each] of Object.entries(values)) {
      const got = floatValues(read.tensors.get(name)!);
      assert.deepEqual(Buffer.from(got.buffer), Buffer.from(each.buffer, each.byteOffset, each.byteLength));
    }
    assert.equal(Number(readFileSync(file).readBigUInt64LE(0)) % 8, 0);
  });
  fc.assert(property, { numRuns: 100 });
});

test('a damaged tensor file is refused with what is wrong, however it is cut', (t) => {
  const file = path.join(temporaryFolder(t), 'x.safetensors');
  const whole = Buffer.concat(encodeTensors([floatTensor('w', [4], Float32Array.of(1, 2, 3, 4))], { step: '3' }));
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(file, whole.subarray(0, length));
    assert.throws(() => readTensors(file), isBadFile(/is cut|no safetensors file/));
  }
  writeFileSync(file, whole);
  assert.equal(readTensors(file).tensors.size, 1);
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ w: { dtype: 'F32', shape: [5], data_offsets: [0, 16] } }, /"w" has 16 bytes, not 20/],
    [{ w: { dtype: 'Q3', shape: [4], data_offsets: [0, 16] } }, /description of its tensor "w"/],
    [{ w: { dtype: 'F32', shape: [-4], data_offsets: [0, 16] } }, /description of its tensor "w"/],
    [{ w: 7 }, /description of its tensor "w"/],
    ['no object', /header is not readable/],
  ];
  for (const [header, says] of cases) {
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(file, Buffer.concat([length, text, Buffer.alloc(16)]));
    assert.throws(() => readTensors(file), isBadFile(says), String(says));
  }
  writeFileSync(file, Buffer.alloc(64, 255));
  assert.throws(() => readTensors(file), isBadFile(/no safetensors file/));
});

test('a durable write leaves the old file or the new one, and nothing else', (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'a.json');
  writeFileDurably(file, 'one');
  writeFileDurably(file, [Buffer.from('tw'), Buffer.from('o')]);
  assert.equal(readFileSync(file, 'utf8'), 'two');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // A folder in the file's place cannot be replaced: the error comes through and the temporary file is gone.
  mkdirSync(path.join(folder, 'b.json', 'inside'), { recursive: true });
  assert.throws(() => writeFileDurably(path.join(folder, 'b.json'), 'x'));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(temporaryPrefix)),
    [],
  );
});

test('an event file is read back: every value of scalars, images, text, and the restart', async (t) => {
  const folder = temporaryFolder(t);
  const events = new EventFile(folder);
  const values = [0.5, Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-40, 3.4e38, 0.1];
  values.forEach((value, i) => {
    events.write(
      i + 1,
      {
        kind: 'scalars',
        values: [
          { tag: 'train/loss', value },
          { tag: 'Größe', value: i },
        ],
      },
      1000.25 + i,
    );
  });
  const png = imageGrid({ count: 1, height: 2, width: 3, channels: 1, images: new Uint8Array(6) }, 1, 1);
  events.write(4, { kind: 'image', tag: 'samples', png: png.bytes, width: png.width, height: png.height, channels: 1 });
  events.write(4, { kind: 'text', tag: 'config', text: 'seed: 0 — ä' });
  events.dispose();
  const read = await poll(folder);
  assert.deepEqual(read.problems, []);
  const loss = read.scalars.find(({ tag }) => tag === 'train/loss')!;
  assert.deepEqual([...loss.values], values.map(Math.fround));
  assert.deepEqual([...loss.steps], [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    [...loss.wallTimes],
    [...loss.steps].map((step) => 999.25 + step),
  );
  assert.deepEqual([...read.scalars.find(({ tag }) => tag === 'Größe')!.values], [0, 1, 2, 3, 4, 5, 6]);
  const image = read.media.find(({ kind }) => kind === 'image')!;
  assert.deepEqual([image.tag, image.step, image.width, image.height], ['samples', 4, 7, 6]);
  assert.deepEqual(new Uint8Array(bytesAt(folder, image)), png.bytes);
  const text = read.media.find(({ kind }) => kind === 'text')!;
  assert.equal(text.tag, 'config');
  assert.equal(bytesAt(folder, text).toString(), 'seed: 0 — ä');
});

test('a second start writes a file of its own behind the first, with a restart record that the reader reports', async (t) => {
  const folder = temporaryFolder(t);
  for (const start of [0, 5]) {
    const events = new EventFile(folder);
    if (start > 0) events.write(start + 1, { kind: 'restart' });
    for (let step = start + 1; step <= start + 8; step++)
      events.write(step, { kind: 'scalars', values: [{ tag: 'a', value: step }] });
    events.dispose();
  }
  const names = readdirSync(folder).sort();
  assert.equal(names.length, 2);
  const read = await poll(folder);
  assert.deepEqual(read.problems, []);
  assert.equal(
    read.scalars.reduce((total, { values }) => total + values.length, 0),
    16,
  );
});

test('names of event files sort by start, also within one second and when the clock goes back', () => {
  const names: string[] = [];
  for (const now of [5_000_000, 5_000_400, 3_000_000, 9_000_000]) names.push(newEventFileName(names, now));
  assert.deepEqual([...names].sort(), names);
  assert.match(names[3]!, /^events\.out\.tfevents\.0000009000\./);
});

test('points that were flushed are in the file although nobody closed it, and a cut last record costs only itself', async (t) => {
  const folder = temporaryFolder(t);
  const events = new EventFile(folder);
  t.after(() => events.dispose());
  for (let step = 1; step <= 3; step++) events.write(step, { kind: 'scalars', values: [{ tag: 'a', value: step }] });
  events.flush();
  truncateSync(events.path, statSync(events.path).size - 3);
  const [series] = (await poll(folder)).scalars;
  assert.deepEqual([...series!.values], [1, 2]);
});

test('a grid shows images in rows with a gap between them', () => {
  const images = Uint8Array.from({ length: 3 * 2 * 2 * 3 }, (_, i) => 100 + i);
  const grid = imageGrid({ count: 3, height: 2, width: 2, channels: 3, images }, 9, 2);
  assert.deepEqual([grid.width, grid.height, grid.channels], [2 * 4 + 2, 2 * 4 + 2, 3]);
  const png = decode(grid.bytes);
  const pixel = (x: number, y: number) => [...png.data.subarray((y * png.width + x) * 3, (y * png.width + x) * 3 + 3)];
  assert.deepEqual(pixel(2, 2), [100, 101, 102]);
  assert.deepEqual(pixel(7, 3), [100 + 12 + 9, 100 + 12 + 10, 100 + 12 + 11]);
  assert.deepEqual(pixel(2, 6), [124, 125, 126]);
  assert.deepEqual(pixel(6, 6), pixel(0, 0));
});

function bytesAt(folder: string, { place }: MediaRecord): Buffer {
  assert.ok(place.at === 'range');
  return readFileSync(path.join(folder, place.file)).subarray(place.offset, place.offset + place.length);
}

async function poll(folder: string): Promise<PollResult> {
  const reader = openRun({ source: 'tensorboard', path: folder, root: folder, name: 'x' });
  try {
    return await reader.poll(undefined, { maxBytes: 10_000_000 });
  } finally {
    reader.dispose();
  }
}

function isBadFile(says: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'bad-file');
    assert.match(error.message, says);
    return true;
  };
}
