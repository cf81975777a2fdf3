import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { AppError } from '../../../../src/base/errors.ts';
import { decodeJpeg } from '../../../../src/trainer/data/images/jpegPixels.ts';
import { badDataSays } from './badDataSays.ts';

interface PillowImage {
  readonly file: string;
  readonly mode: 'RGB' | 'L' | 'CMYK';
  readonly width: number;
  readonly height: number;
  readonly pixels: string;
}

const fixture = path.resolve(import.meta.dirname, '../../../fixtures/jpeg/pillow.json');
const pillow = JSON.parse(readFileSync(fixture, 'utf8')) as { readonly [name: string]: PillowImage };
const fileOf = (name: string) => Buffer.from(pillow[name]!.file, 'base64');

for (const [name, { mode, width, height, pixels }] of Object.entries(pillow)) {
  if (mode === 'CMYK') continue;
  test(`a JPEG has the pixels that Pillow sees: ${name}`, () => {
    const read = decodeJpeg(fileOf(name));
    const expected = inflateSync(Buffer.from(pixels, 'base64'));
    assert.deepEqual([read.width, read.height, read.channels], [width, height, mode === 'L' ? 1 : 3]);
    assert.equal(read.values.length, expected.length);
    let farthest = 0;
    read.values.forEach((value, i) => {
      farthest = Math.max(farthest, Math.abs(value - expected[i]!));
    });
    assert.ok(farthest <= 1, `differs by up to ${farthest}`);
  });
}

test('what cannot be decoded is refused by its name', () => {
  assert.throws(() => decodeJpeg(fileOf('CMYK')), badDataSays(/4 components, inks \(CMYK\)/));
  const changed = (change: (bytes: Buffer, frame: number) => void) => {
    const bytes = fileOf('4:4:4');
    change(bytes, bytes.indexOf(Buffer.from([0xff, 0xc0])));
    return bytes;
  };
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [changed((bytes, frame) => bytes.writeUInt8(0xc3, frame + 1)), /a lossless JPEG/],
    [changed((bytes, frame) => bytes.writeUInt8(0xc9, frame + 1)), /a JPEG of a rare kind \(frame c9\)/],
    [changed((bytes, frame) => bytes.writeUInt8(12, frame + 4)), /a JPEG with 12 bits per colour/],
    [changed((bytes, frame) => bytes.writeUInt16BE(0, frame + 5)), /no rows or no columns/],
    [changed((bytes, frame) => bytes.fill(0xff, frame + 5, frame + 9)), /65535×65535, more than 200 million pixels/],
  ];
  for (const [bytes, says] of cases) assert.throws(() => decodeJpeg(bytes), badDataSays(says), String(says));
});

test('a spoiled file is refused or read, whatever is wrong with it, and the next one is read as before', () => {
  const names = ['4:2:0', 'progressive', 'grey', 'restarts'];
  const whole = decodeJpeg(fileOf('4:4:4'));
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat()),
      (name, spots, cut) => {
        const bytes = fileOf(name);
        for (const [place, value] of spots) bytes[place % bytes.length] = value;
        const end = cut === null ? bytes.length : cut % bytes.length;
        try {
          const { width, height, channels, values } = decodeJpeg(bytes.subarray(0, end));
          assert.equal(values.length, width * height * channels);
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'bad-data', String(error));
          refused++;
        }
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(refused > 100, `only ${refused} were refused`);
  assert.deepEqual(decodeJpeg(fileOf('4:4:4')), whole);
});
