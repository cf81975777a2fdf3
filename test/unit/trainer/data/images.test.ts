import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { decode, encode } from 'fast-png';
import type { ImageFacts } from '../../../../src/recipes/data.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import { loadImageSet } from '../../../../src/trainer/data/images/imageSet.ts';
import { decodeJpeg } from '../../../../src/trainer/data/images/jpegPixels.ts';
import { decodePlainPng } from '../../../../src/trainer/data/images/plainPng.ts';
import { decodePng } from '../../../../src/trainer/data/images/pngPixels.ts';
import { temporaryFolder } from '../support.ts';
import { badDataSays } from './badDataSays.ts';
import { request, writeFiles } from './requests.ts';

/** Written by Pillow 12.3 at quality 90: 24×16, red 10x, green 15y, blue 6(x + y); the grey one has the red values. */
const jpegs = {
  baseline:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQABgDAREAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD4k8O/Cn7v7n9Kxo4k8rKs/wBtT0/w78KPu/uf0r3KOJP2DKs/21PTvD3wo+7+5/Svco4k/YMqz/bU67w78Kfu/uf0r8do4k/yvyrP9tT07w98Kfu/uf0r3KOJP2DKs/21PT/D3wp+7+5/Svco4k/YMqz/AG1P/9k=',
  progressive:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAQABgDAREAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABgUH/8QAFwEBAQEBAAAAAAAAAAAAAAAABAYCCP/aAAwDAQACEAMQAAABxHBFDrBO6wrx3K6d1gndYf/EABYQAAMAAAAAAAAAAAAAAAAAAAAEBf/aAAgBAQABBQJeULyheULyheULyj//xAAVEQEBAAAAAAAAAAAAAAAAAAAEAP/aAAgBAwEBPwEr4r4r4r4r4r7/xAAWEQADAAAAAAAAAAAAAAAAAAAAAgP/2gAIAQIBAT8BSglBKCUEoJQ//8QAFRABAQAAAAAAAAAAAAAAAAAAADH/2gAIAQEABj8CiIiI/8QAFRABAQAAAAAAAAAAAAAAAAAAADH/2gAIAQEAAT8hmzYs2LF//9oADAMBAAIAAwAAABCkk3//xAAWEQADAAAAAAAAAAAAAAAAAAAAITH/2gAIAQMBAT8QmybJsmybJs//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAECAQE/EEqr/8QAFRABAQAAAAAAAAAAAAAAAAAAAPH/2gAIAQEAAT8QgIiYgJCQ/9k=',
  subsampled:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQABgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD4k8O/Cn7v7n9K9P8ADvwo+7+5/SvfPDvwp+7+5/SvTvD3wp+7+5/SuLB5ltqfJcLcffD754H4e+FH3f3P6UV9l+HvhT939z+lFfYUsy93c/qXLOPv9nXvn//Z',
  grey: '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAQABgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APgf4Sf8sfwr7V+En/LH8K+1vhJ/yx/CvxU+En/LH8K+1fhJ/wAsfwr7W+En/LH8K//Z',
} as const;

const bytesOf = (name: keyof typeof jpegs) => Buffer.from(jpegs[name], 'base64');
const red = (x: number) => 10 * x;
const colours = (x: number, y: number) => [red(x), 15 * y, (6 * (x + y)) % 256];

const source = { kind: 'images' } as const;

test('JPEG: baseline, progressive, with fewer samples of colour, and grey', () => {
  const baseline = decodeJpeg(bytesOf('baseline'));
  assert.deepEqual([baseline.height, baseline.width, baseline.channels, baseline.values.length], [16, 24, 3, 1152]);
  assert.deepEqual(decodeJpeg(bytesOf('progressive')), baseline);
  // Pillow's own decoder is as far from what was written as this: 1.9, 5.4 and 0.5 on average.
  assert.ok(meanDistance(baseline.values, 3) < 3);
  assert.ok(meanDistance(decodeJpeg(bytesOf('subsampled')).values, 3) < 8);
  const grey = decodeJpeg(bytesOf('grey'));
  assert.deepEqual([grey.height, grey.width, grey.channels, grey.values.length], [16, 24, 1, 384]);
  assert.ok(meanDistance(grey.values, 1) < 3);
});

function meanDistance(values: Uint8Array, channels: number): number {
  let sum = 0;
  values.forEach((value, i) => {
    const pixel = Math.floor(i / channels);
    sum += Math.abs(value - colours(pixel % 24, Math.floor(pixel / 24))[i % channels]!);
  });
  return sum / values.length;
}

test('PNG of the usual form: any size, channels and filters, as the other decoder reads them', () => {
  const png = fc.record({
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 9 }),
    channels: fc.constantFrom(1, 2, 3, 4),
    seed: fc.nat(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 9, maxLength: 9 }),
  });
  fc.assert(
    fc.property(png, ({ width, height, channels, seed, filters }) => {
      const row = width * channels;
      const filtered = Buffer.from(
        Array.from({ length: height }, (_, y) => [
          filters[y]!,
          ...Array.from({ length: row }, (_, i) => Math.imul(seed + y * row + i, 0x9e3779b1) >>> 24),
        ]).flat(),
      );
      const file = pngOf(width, height, [0, 4, 2, 6][channels - 1]!, filtered);
      const plain = decodePlainPng(file)!;
      const other = decode(file);
      assert.deepEqual([plain.width, plain.height, plain.channels], [width, height, channels]);
      assert.deepEqual(Buffer.from(plain.samples), Buffer.from(other.data as Uint8Array));
    }),
    { numRuns: 100 },
  );
});

test('a PNG of the usual form that is cut or damaged is refused with the place', () => {
  const whole = pngOf(2, 2, 0, Buffer.from([0, 1, 2, 0, 3, 4]));
  const spoiled = Buffer.from(whole);
  spoiled[45]! ^= 1;
  assert.throws(() => decodePng(spoiled), badDataSays(/Its chunk at byte 33 is damaged: the checksum does not agree/));
  assert.throws(() => decodePng(whole.subarray(0, 40)), badDataSays(/It is cut: a chunk should follow at byte 33/));
  assert.throws(() => decodePng(whole.subarray(0, 50)), badDataSays(/It is cut: its chunk at byte 33 needs \d+ bytes/));
  assert.throws(
    () => decodePng(pngOf(2, 2, 0, Buffer.from([0, 1, 2]))),
    badDataSays(/pixels are cut: 6 bytes expected, 3 found/),
  );
  assert.throws(() => decodePng(pngOf(1, 1, 0, Buffer.from([9, 1]))), badDataSays(/Row 1 has the filter 9/));
});

/** A PNG file of eight bits (PNG specification, section 5); each row of what is given begins with its filter. */
function pngOf(width: number, height: number, colour: number, filtered: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = colour;
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('a folder of PNG and JPEG files is read, in memory or file by file in threads', async (t) => {
  const png = encode({ width: 24, height: 16, depth: 8, channels: 3, data: new Uint8Array(1152).fill(9) });
  const files = {
    'a/1.jpg': bytesOf('baseline'),
    'a/2.JPEG': bytesOf('progressive'),
    'b/1.png': png,
    'b/no.txt': 'no image',
  };
  const folder = writeFiles(temporaryFolder(t), files);
  const whole = (await loadImageSet(request(folder, source)))!;
  const { examples, height, width, channels, classes } = whole.facts as ImageFacts;
  assert.deepEqual([examples, height, width, channels, classes], [3, 16, 24, 3, 2]);
  assert.equal(whole.plan, undefined);
  const apart = (await loadImageSet(request(folder, source), 0))!;
  assert.deepEqual(apart.facts, whole.facts);
  assert.deepEqual(apart.gather([2, 0, 4]), whole.gather([2, 0, 4]));
  const loader = new BatchLoader(apart, 3, { threads: 2, block: 1 });
  t.after(() => loader.dispose());
  assert.deepEqual(await loader.take(2, 5), await new BatchLoader(whole, 3).take(2, 5));
});

test('many files are decoded by threads, and are the same', async (t) => {
  const image = (i: number) =>
    encode({ width: 2, height: 1, depth: 8, channels: 1, data: Uint8Array.of(i & 255, i >> 8) });
  const files = Object.fromEntries(Array.from({ length: 1002 }, (_, i) => [`${i % 3}/${i}.png`, image(i)]));
  const set = (await loadImageSet(request(writeFiles(temporaryFolder(t), files), source)))!;
  const { images, labels } = set.gather(Array.from({ length: 1002 }, (_, i) => i));
  assert.deepEqual(
    Array.from(images as Uint8Array),
    [0, 1, 2].flatMap((each) => Array.from({ length: 334 }, (_, i) => 3 * i + each).flatMap((i) => [i & 255, i >> 8])),
  );
  assert.deepEqual([labels!.at(0), labels!.at(334), labels!.at(-1)], [0n, 1n, 2n]);
});

test('both parts number their classes alike, also where one lacks a class', async (t) => {
  const png = encode({ width: 1, height: 1, depth: 8, channels: 1, data: Uint8Array.of(1) });
  const files = { 'train/a/1.png': png, 'train/b/1.png': png, 'train/c/1.png': png, 'test/c/1.png': png };
  const folder = writeFiles(temporaryFolder(t), files);
  const set = (await loadImageSet(request(folder, source, 'test')))!;
  assert.deepEqual([set.gather([0])['labels']!.at(0), (set.facts as ImageFacts).classes], [2n, 3]);
});

test('broken JPEG files are refused by name', async (t) => {
  const whole = bytesOf('baseline');
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [whole.subarray(0, 20), /b\.jpg: The image has no frame: it is cut or damaged/],
    [whole.subarray(0, 500), /b\.jpg: The image is cut: the mark of its end is missing/],
    [Buffer.concat([whole.subarray(0, 300), whole.subarray(-2)]), /b\.jpg: The image is damaged: it cannot be decoded/],
    [
      Buffer.concat([whole.subarray(0, -60), whole.subarray(-2)]),
      /b\.jpg: The image is damaged: parts of it could only be guessed/,
    ],
    [bytesOf('grey'), /b\.jpg is 24×16 with grey values, but .*a\.jpg is 24×16 with colours/],
    [Buffer.from('no image'), /b\.jpg is no whole PNG file/],
  ];
  for (const [bytes, says] of cases) {
    const folder = writeFiles(temporaryFolder(t), { 'x/a.jpg': whole, 'x/b.jpg': bytes });
    await assert.rejects(loadImageSet(request(folder, source)), badDataSays(says), String(says));
  }
  const folder = writeFiles(temporaryFolder(t), { 'x/a.jpg': whole, 'x/b.jpg': whole.subarray(0, 500) });
  const apart = (await loadImageSet(request(folder, source), 0))!;
  const loader = new BatchLoader(apart, 1, { threads: 1 });
  t.after(() => loader.dispose());
  await assert.rejects(
    loader.take(0, 2),
    badDataSays(new RegExp(`${path.join(folder, 'x', 'b.jpg')}: The image is cut`)),
  );
});
