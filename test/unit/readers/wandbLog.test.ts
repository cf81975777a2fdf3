import assert from 'node:assert/strict';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { wandbFormat } from '../../../src/readers/wandb/format.ts';
import { parseNumber } from '../../../src/readers/wandb/number.ts';
import { WandbReader } from '../../../src/readers/wandb/reader.ts';
import { assertAnyCut, Gatherer, pollAll, type ReadRows } from './support/cuts.ts';
import { temporaryFolder } from './support/events.ts';
import { message } from './support/proto.ts';
import {
  chunk,
  configItems,
  exit,
  fileHeader,
  history,
  logBytes,
  logName,
  output,
  runRecord,
  stats,
  summaryRecord,
  wandbRunAt,
  writeRun,
} from './support/wandbLog.ts';

async function readRun(folder: string): Promise<Gatherer> {
  const gatherer = new Gatherer();
  await pollAll(wandbFormat.open(wandbRunAt(folder)), gatherer);
  return gatherer;
}

const rowsFrom = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from }, (_, index) => history(from + index, { loss: 1 / (from + index + 1) }));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const stepsOf = ({ rows }: Gatherer, tag = 'loss'): number[] => rows.scalars[tag]?.steps ?? [];

/** A log of more than one block with everything in it, long records that cross blocks too. */
function mixedRecords(): Buffer[] {
  const long = JSON.stringify('x'.repeat(40_000));
  return [
    runRecord('abcd1234', message(4, configItems({ lr: '0.1', net: '{"depth": 3}' }))),
    ...rowsFrom(0, 30),
    stats(1001.5, { cpu: 12.5, 'gpu.0.temp': 70 }),
    history(30, { loss: 0.5, long, 'img|_type': '"image-file"', 'img|path': '"media/images/a.png"' }),
    summaryRecord({ loss: 0.5, 'val|min': 3 }),
    output(1031.25, 'hello\n'),
    stats(1032.5, { cpu: 13.5, 'gpu.0.temp': 71 }),
    ...rowsFrom(31, 60),
    summaryRecord({ loss: 0.4 }, 'key'),
    history(60, { 'h|_type': '"histogram"', 'h|values': '[1,2]', 'h|bins': '[0,1,2]', text: '"a text"' }),
    exit(0),
  ];
}

test('any cut of the bytes into pieces gives the same rows and facts', async (context) => {
  const compare = ({ scalars, media, facts }: ReadRows): unknown => ({
    scalars,
    media,
    facts: { ...facts, console: undefined, status: undefined, statusReason: undefined },
  });
  await assertAnyCut({
    format: wandbFormat,
    files: { [logName]: logBytes(mixedRecords()) },
    run: wandbRunAt,
    folder: path.join(temporaryFolder(context), 'run-20260101_101112-abcd1234'),
    compare,
    runs: 25,
  });
});

test('a log grows block by block; a record across blocks waits for its end', async (context) => {
  const whole = logBytes(mixedRecords());
  const folder = writeRun(temporaryFolder(context), whole.subarray(0, 32768));
  const gatherer = new Gatherer();
  const reader = wandbFormat.open(wandbRunAt(folder));
  const cursor = await pollAll(reader, gatherer);
  assert.deepEqual(stepsOf(gatherer), range(0, 30));
  appendFileSync(path.join(folder, logName), whole.subarray(32768));
  await pollAll(reader, gatherer, cursor);
  assert.deepEqual(stepsOf(gatherer), range(0, 61).slice(0, 60));
  assert.deepEqual(gatherer.problems, []);
});

test('a damaged chunk ends its block, and reading goes on with the next whole record', async (context) => {
  const rows = rowsFrom(0, 2000);
  const whole = logBytes([runRecord('abcd1234'), ...rows]);
  const clean = await readRun(writeRun(temporaryFolder(context), whole));
  const damaged = Buffer.from(whole);
  damaged[40_000]! ^= 0xff;
  const gatherer = await readRun(writeRun(temporaryFolder(context), damaged));
  const found = stepsOf(gatherer);
  assert.equal(gatherer.problems.length, 1);
  assert.match(gatherer.problems[0]!.message, /damaged/);
  assert.ok(gatherer.problems[0]!.offset! <= 40_000 && gatherer.problems[0]!.offset! > 39_900);
  assert.deepEqual(stepsOf(clean), range(0, 2000));
  const lost = range(0, 2000).filter((step) => !found.includes(step));
  assert.deepEqual(lost, range(lost[0]!, lost[0]! + lost.length), 'One piece is lost, no more than a block.');
  assert.ok(lost.length > 0 && lost.length < 32768 / 40);
});

test('damage in the last block waits, is told once, and heals when it was a write that was seen half done', async (context) => {
  const whole = logBytes(rowsFrom(0, 20));
  const half = Buffer.from(whole);
  half.fill(0x55, 600, 700);
  const folder = writeRun(temporaryFolder(context), half);
  const gatherer = new Gatherer();
  const reader = wandbFormat.open(wandbRunAt(folder));
  let cursor = await pollAll(reader, gatherer);
  cursor = await pollAll(reader, gatherer, cursor);
  assert.equal(gatherer.problems.length, 1);
  writeFileSync(path.join(folder, logName), whole);
  await pollAll(wandbFormat.open(wandbRunAt(folder)), gatherer, cursor);
  assert.deepEqual(stepsOf(gatherer), range(0, 20));
  assert.equal(gatherer.resets, 0);
});

test('zeros at the end are room that was kept free; a block of zeros between is passed', async (context) => {
  const first = logBytes(rowsFrom(0, 5));
  const kept = await readRun(writeRun(temporaryFolder(context), Buffer.concat([first, Buffer.alloc(500)])));
  assert.deepEqual([stepsOf(kept), kept.problems], [range(0, 5), []]);
  const second = logBytes(rowsFrom(5, 9)).subarray(fileHeader.length);
  const hole = Buffer.concat([first, Buffer.alloc(2 * 32768 - first.length), second]);
  const passed = await readRun(writeRun(temporaryFolder(context), hole));
  assert.deepEqual(stepsOf(passed), range(0, 9));
});

test('pieces without a beginning and records without an end are told and passed', async (context) => {
  const [a, b] = [history(1, { loss: 1 }), history(2, { loss: 2 })];
  const log = Buffer.concat([
    fileHeader,
    chunk(3, a),
    chunk(2, a.subarray(0, 5)),
    chunk(1, b),
    chunk(2, a.subarray(0, 4)),
    chunk(3, a.subarray(4, 9)),
    chunk(4, a.subarray(9)),
  ]);
  const gatherer = await readRun(writeRun(temporaryFolder(context), log));
  assert.deepEqual(stepsOf(gatherer), [2, 1]);
  assert.equal(gatherer.problems.length, 2);
});

test('a record that is no message is told, and the others are read', async (context) => {
  const bad = Buffer.from([0x08, 0x01, 0x12, 0x05, 0x0a, 0x7f, 1, 2, 3]);
  const gatherer = await readRun(
    writeRun(temporaryFolder(context), logBytes([...rowsFrom(0, 2), bad, ...rowsFrom(2, 4)])),
  );
  assert.deepEqual(stepsOf(gatherer), range(0, 4));
  assert.equal(gatherer.problems.length, 1);
  assert.match(gatherer.problems[0]!.message, /malformed/);
});

test('what is no transaction log is said to be none', async (context) => {
  const gatherer = await readRun(writeRun(temporaryFolder(context), Buffer.from('this is something else')));
  assert.equal(gatherer.problems.length, 1);
  const short = await readRun(writeRun(temporaryFolder(context), fileHeader.subarray(0, 5)));
  assert.deepEqual(short.problems, []);
});

test('a log that shrinks, is replaced or written anew is read anew', async (context) => {
  const folder = writeRun(temporaryFolder(context), logBytes(rowsFrom(0, 50)));
  const file = path.join(folder, logName);
  const gatherer = new Gatherer();
  const reader = new WandbReader(wandbRunAt(folder));
  let cursor = await pollAll(reader, gatherer);
  truncateSync(file, 900);
  cursor = await pollAll(reader, gatherer, cursor);
  assert.equal(gatherer.resets, 1);
  assert.ok(stepsOf(gatherer).length < 50);
  writeFileSync(`${file}.new`, logBytes(rowsFrom(100, 190)));
  renameSync(`${file}.new`, file);
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, stepsOf(gatherer)], [2, range(100, 190)]);
  writeFileSync(file, logBytes(rowsFrom(200, 400)));
  cursor = await pollAll(reader, gatherer, cursor);
  assert.deepEqual([gatherer.resets, stepsOf(gatherer)], [3, range(200, 400)]);
  assert.ok((await reader.poll(cursor, { maxBytes: 1e6 })).scalars.length === 0, 'Nothing new is the normal answer.');
});

test('numbers are those of JSON.parse, to the last bit', () => {
  const encoder = new TextEncoder();
  const parsed = (text: string): number => parseNumber(encoder.encode(text), 0, text.length);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      for (const text of [String(value), value.toExponential(16), value.toPrecision(17)])
        assert.ok(Object.is(parsed(text), Number(text)), text);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 20n), fc.integer({ min: -40, max: 40 }), (digits, exponent) => {
      for (const text of [`${digits}e${exponent}`, `-0.${digits}`, `${digits}.5`])
        assert.ok(Object.is(parsed(text), Number(text)), text);
    }),
    { numRuns: 3000 },
  );
  // Halfway between two float64.
  fc.assert(
    fc.property(fc.bigInt(2n ** 52n, 2n ** 53n - 1n), (digits) => {
      const text = String(digits * 2n + 1n);
      assert.ok(Object.is(parsed(text), Number(text)), text);
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(['NaN', 'Infinity', '-Infinity'].map(parsed), [Number.NaN, Infinity, -Infinity]);
  for (const text of ['', '-', 'x', '1x', '1e', '1e+', '--1', '1.2.3', 'nan'])
    assert.ok(Number.isNaN(parsed(text)), text);
});
