import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { EventLog } from '../../../src/readers/tensorboard/eventLog.ts';
import { TensorboardReader, tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { corpus, eventFilesBelow, withoutCorpus } from './support/corpus.ts';
import {
  event,
  frameHeader,
  type Gathered,
  metadata,
  nothing,
  readAll,
  runAt,
  scalarV1,
  summary,
  temporaryFolder,
  tensor,
  value,
  version,
} from './support/events.ts';
import { bytes, float } from './support/proto.ts';

const fileName = 'events.out.tfevents.1700000000.host';
const many = (from: number, to: number, tag = 'loss'): Buffer[] =>
  Array.from({ length: to - from }, (_, index) => scalarV1(1000 + from + index, from + index, tag, from + index));
const stepsOf = ({ rows }: Gathered, tag = 'loss'): number[] => rows.get(tag)?.steps ?? [];
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

/** A log with everything in it. */
function mixedLog(): Buffer {
  const picture = value(
    'picture',
    tensor(7, [3], bytes(8, '1'), bytes(8, '1'), bytes(8, Buffer.alloc(300, 1))),
    metadata('images'),
  );
  const second = value('v2', tensor(1, [], float(5, 1.5)), metadata('scalars'));
  const later = value('v2', tensor(1, [], float(5, 2.5)));
  return Buffer.concat([
    version(),
    ...many(0, 5),
    event(2000, 1, summary(picture)),
    event(2001, 1, summary(second)),
    ...many(5, 9),
    event(2002, 2, summary(later)),
    ...many(0, 3, 'b'),
  ]);
}

const comparable = ({ rows, media }: Gathered): unknown => ({ rows: [...rows], media });

test('any cut of the bytes into pieces gives the same rows, with any size of buffer', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const whole = mixedLog();
  writeFileSync(file, whole);
  const expected = comparable(await readAll(tensorboardFormat.open(runAt(folder))));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: whole.length }), { maxLength: 12 }),
      fc.integer({ min: 12, max: 400 }),
      async (cuts, bufferSize) => {
        writeFileSync(file, whole.subarray(0, 0));
        const log = new EventLog(folder, { bufferSize });
        const found = nothing();
        let cursor: Parameters<EventLog['poll']>[0];
        for (const cut of [...cuts.toSorted((a, b) => a - b), whole.length]) {
          // Appended, as a writer does it: the file stays the same one.
          const { length } = readFileSync(file);
          appendFileSync(file, whole.subarray(length, cut));
          for (let more = true; more; ) {
            const polled = await log.poll(cursor, 64);
            assert.equal(polled.reset, false);
            assert.deepEqual(polled.problems, []);
            cursor = JSON.parse(JSON.stringify(polled.cursor)) as typeof cursor;
            more = polled.more;
            for (const { tag, steps, wallTimes, values } of polled.scalars) {
              const rows = found.rows.get(tag) ?? { steps: [], wallTimes: [], values: [] };
              found.rows.set(tag, rows);
              rows.steps.push(...steps);
              rows.wallTimes.push(...wallTimes);
              rows.values.push(...values);
            }
            found.media.push(...polled.media);
          }
        }
        assert.deepEqual(comparable(found), expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('every byte at which a real file may end leaves a sound beginning', { skip: withoutCorpus }, async (context) => {
  const [source] = eventFilesBelow(path.join(corpus, 'tensorboard')).filter((file) => file.includes('strict'));
  const whole = readFileSync(source!);
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  writeFileSync(file, '');
  const growing = nothing();
  const reader = tensorboardFormat.open(runAt(folder));
  for (let length = 1; length <= whole.length; length++) {
    appendFileSync(file, whole.subarray(length - 1, length));
    // Each byte for the first records and the last ones, then every seventh.
    if (length > 300 && length < whole.length - 100 && length % 7 !== 0) continue;
    await readAll(reader, growing);
    assert.deepEqual(growing.problems, [], `at byte ${length}`);
  }
  const atOnce = await readAll(new TensorboardReader(runAt(folder)));
  assert.deepEqual(comparable(growing), comparable(atOnce));
  assert.equal(growing.resets, 0);
});

test('a file that shrinks, is replaced, rewritten in place or removed is read anew', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const changes: readonly { readonly name: string; readonly change: () => void; readonly expected: number[] }[] = [
    {
      name: 'shrinks',
      change: () => truncateSync(file, Buffer.concat([version(), ...many(0, 4)]).length),
      expected: range(0, 4),
    },
    {
      name: 'is replaced by a longer one',
      change: () => {
        writeFileSync(`${file}.new`, Buffer.concat([version(), ...many(50, 70)]));
        renameSync(`${file}.new`, file);
      },
      expected: range(50, 70),
    },
    {
      name: 'is rewritten in place',
      change: () => writeFileSync(file, Buffer.concat([...many(7, 40)])),
      expected: range(7, 40),
    },
    {
      name: 'is removed and another one is there',
      change: () => {
        rmSync(file);
        writeFileSync(
          path.join(folder, 'events.out.tfevents.1700000009.host'),
          Buffer.concat([version(), ...many(3, 6)]),
        );
      },
      expected: range(3, 6),
    },
  ];
  writeFileSync(file, Buffer.concat([version(), ...many(0, 10)]));
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  for (const [index, { name, change, expected }] of changes.entries()) {
    change();
    await readAll(tensorboardFormat.open(runAt(folder)), found);
    assert.equal(found.resets, index + 1, name);
    assert.deepEqual(stepsOf(found), expected, name);
  }
});

test('a restarted run goes on in the order of its files, whatever order the disk lists them in', async (context) => {
  const folder = temporaryFolder(context);
  const names = [
    'events.out.tfevents.999.host',
    'events.out.tfevents.1700000000.host.12.0',
    'events.out.tfevents.1700000000.host.12.10',
    'events.out.tfevents.1700000000.host.12.9',
  ];
  for (const name of names.toReversed()) {
    const from = [0, 10, 30, 20][names.indexOf(name)]!;
    writeFileSync(path.join(folder, name), Buffer.concat([version(), ...many(from, from + 10)]));
  }
  const found = await readAll(tensorboardFormat.open(runAt(folder)), nothing(), 100);
  assert.deepEqual(stepsOf(found), range(0, 40));
  writeFileSync(path.join(folder, 'events.out.tfevents.1700000001.host'), Buffer.concat([version(), ...many(35, 45)]));
  await readAll(tensorboardFormat.open(runAt(folder)), found);
  assert.deepEqual(stepsOf(found), [...range(0, 40), ...range(35, 45)]);
  assert.equal(found.resets, 0);
});

test('a damaged payload in the middle costs one record and is told once', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const records = [version(), ...many(0, 10)];
  const offset = Buffer.concat(records.slice(0, 5)).length;
  const whole = Buffer.concat(records);
  whole[offset + 14]! ^= 1;
  writeFileSync(file, whole);
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual(stepsOf(found), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
  assert.deepEqual(
    found.problems.map((problem) => [problem.file, problem.offset]),
    [[fileName, offset]],
  );
  assert.match(found.problems[0]!.message, /checksum/);
  appendFileSync(file, Buffer.concat(many(10, 12)));
  await readAll(tensorboardFormat.open(runAt(folder)), found);
  assert.deepEqual(stepsOf(found), [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]);
  assert.equal(found.problems.length, 1);
});

test('a damaged length is searched over, however long the damage is', async (context) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 12, max: 200 }),
      fc.uint8Array({ minLength: 1, maxLength: 700 }),
      async (bufferSize, rubbish) => {
        const folder = temporaryFolder(context);
        const file = path.join(folder, fileName);
        const before = Buffer.concat([version(), ...many(0, 4)]);
        const broken = many(4, 5)[0]!;
        broken[1]! ^= 8;
        writeFileSync(file, Buffer.concat([before, broken, rubbish]));
        const log = new EventLog(folder, { bufferSize });
        const first = await log.poll(undefined, 1e9);
        assert.deepEqual([...first.scalars[0]!.steps], range(0, 4));
        appendFileSync(file, Buffer.concat(many(5, 9)));
        const second = await log.poll(JSON.parse(JSON.stringify(first.cursor)) as typeof first.cursor, 1e9);
        assert.deepEqual([...second.scalars[0]!.steps], range(5, 9));
        assert.equal(first.problems.length + second.problems.length, 1);
        assert.equal([...first.problems, ...second.problems][0]!.offset, before.length);
      },
    ),
    { numRuns: 40 },
  );
});

test('a hole of zeros at the end, as network disks show it, is read when it has been filled', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const before = Buffer.concat([version(), ...many(0, 4)]);
  const rest = Buffer.concat(many(4, 8));
  writeFileSync(file, Buffer.concat([before, Buffer.alloc(rest.length)]));
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual(stepsOf(found), range(0, 4));
  const handle = openSync(file, 'r+');
  writeSync(handle, rest, 0, rest.length, before.length);
  closeSync(handle);
  await readAll(tensorboardFormat.open(runAt(folder)), found);
  assert.deepEqual(stepsOf(found), range(0, 8));
});

test('the last record is waited for when its checksum is wrong, and used when it has become right', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const whole = Buffer.concat([version(), ...many(0, 4)]);
  const torn = Buffer.from(whole);
  torn.fill(0, whole.length - 12, whole.length - 4);
  writeFileSync(file, torn);
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual(stepsOf(found), range(0, 3));
  const handle = openSync(file, 'r+');
  writeSync(handle, whole, 0, whole.length, 0);
  closeSync(handle);
  await readAll(tensorboardFormat.open(runAt(folder)), found);
  assert.deepEqual(stepsOf(found), range(0, 4));
});

test('a length of five gigabytes allocates nothing, and records behind it are read at their offsets', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  const length = 5 * 1024 ** 3;
  const before = Buffer.concat([version(), ...many(0, 3)]);
  const after = Buffer.concat(many(3, 6));
  const handle = openSync(file, 'w');
  writeSync(handle, before);
  writeSync(handle, frameHeader(length));
  try {
    // A file with a hole: it takes no room on the disk.
    ftruncateSync(handle, before.length + 12 + length + 4);
  } catch {
    closeSync(handle);
    return context.skip('this file system has no files of that size');
  }
  writeSync(handle, after, 0, after.length, before.length + 12 + length + 4);
  closeSync(handle);
  const memory = process.memoryUsage().arrayBuffers;
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual(stepsOf(found), range(0, 6));
  assert.match(found.problems[0]!.message, /5368709120 bytes/);
  assert.ok(process.memoryUsage().arrayBuffers - memory < 32 * 1024 * 1024);
});

test('a length beyond the end of the file is waited for without an allocation', async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(
    path.join(folder, fileName),
    Buffer.concat([version(), ...many(0, 2), frameHeader(2 ** 27), Buffer.alloc(50)]),
  );
  const memory = process.memoryUsage().arrayBuffers;
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual([stepsOf(found), found.problems], [range(0, 2), []]);
  assert.ok(process.memoryUsage().arrayBuffers - memory < 32 * 1024 * 1024);
});

test('a record that is larger than the buffer is read whole', async (context) => {
  const folder = temporaryFolder(context);
  const picture = value(
    'big',
    tensor(7, [3], bytes(8, '1'), bytes(8, '1'), bytes(8, Buffer.alloc(3_000_000, 5))),
    metadata('images'),
  );
  writeFileSync(
    path.join(folder, fileName),
    Buffer.concat([version(), ...many(0, 2), event(1, 1, summary(picture)), ...many(2, 4)]),
  );
  const found = await readAll(tensorboardFormat.open(runAt(folder)));
  assert.deepEqual(stepsOf(found), range(0, 4));
  assert.equal((found.media[0]!.place as { length: number }).length, 3_000_000);
});

test('a cursor of another version or of another make means that all is read anew', async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(path.join(folder, fileName), Buffer.concat([version(), ...many(0, 2)]));
  for (const cursor of [{ version: 0 }, 'rubbish', { version: 1, files: { a: {} }, meanings: {}, facts: {} }, null]) {
    const polled = await tensorboardFormat.open(runAt(folder)).poll(cursor, { maxBytes: 1e6 });
    assert.equal(polled.reset, true);
    assert.equal(polled.scalars[0]!.values.length, 2);
  }
});

test('a poll that finds nothing new gives nothing, and a status only where it changed', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, fileName);
  let now = Date.now() / 1000;
  writeFileSync(file, Buffer.concat([version(), scalarV1(now, 1, 'a', 1)]));
  const reader = new TensorboardReader(runAt(folder), { now: () => now });
  const found = await readAll(reader);
  assert.equal(found.facts.status, 'running');
  const idle = await reader.poll(found.cursor, { maxBytes: 1e6 });
  assert.deepEqual(
    [idle.facts, idle.scalars, idle.media, idle.problems, idle.reset, idle.more],
    [{}, [], [], [], false, false],
  );
  const again = await reader.poll(undefined, { maxBytes: 1e6 });
  assert.deepEqual([again.facts.status, again.facts.startedAt], ['running', found.facts.startedAt]);
  now += 3600;
  const { facts } = await reader.poll(found.cursor, { maxBytes: 1e6 });
  assert.equal(facts.status, 'unknown');
  assert.match(facts.statusReason!, /^Last event .* UTC\. Event files do not say whether a run has ended\.$/);
});

test('a record that claims more than the file holds is waited for, and the reader says that it has no more', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'events.out.tfevents.1700000000.host');
  writeFileSync(file, Buffer.concat([version(), scalarV1(1, 1, 'a', 1), frameHeader(3e8)]));
  const reader = tensorboardFormat.open(runAt(folder));
  const read = await readAll(reader);
  assert.deepEqual([read.rows.get('a')?.values, read.resets], [[1], 0]);
  const again = await reader.poll(read.cursor, { maxBytes: 1 << 20 });
  assert.deepEqual([again.more, again.reset, again.scalars.length], [false, false, 0]);
});

test('records behind 2 and 4 GiB are read where they are, and what is damaged between them is passed', async (context) => {
  const folder = temporaryFolder(context);
  const handle = openSync(path.join(folder, 'events.out.tfevents.1700000000.host'), 'w');
  let at = 0;
  const put = (bytes: Buffer): void => {
    writeSync(handle, bytes, 0, bytes.length, at);
    at += bytes.length;
  };
  const note = (step: number): Buffer =>
    event(step, step, summary(value('note', tensor(7, [1], bytes(8, 'hello')), metadata('text'))));
  put(Buffer.concat([version(), scalarV1(1, 1, 'a', 1)]));
  // Records of holes, which no disk has to hold.
  for (const [length, step] of [
    [2.5e9, 2],
    [2.5e9, 3],
  ] as const) {
    put(frameHeader(length));
    at += length + 4;
    put(
      Buffer.concat([
        scalarV1(step, step, 'a', step),
        Buffer.alloc(500, 0xee),
        note(step),
        scalarV1(step, step + 10, 'a', 9),
      ]),
    );
  }
  closeSync(handle);
  const read = await readAll(tensorboardFormat.open(runAt(folder)), nothing(), 1e9);
  assert.deepEqual(read.rows.get('a')!.steps, [1, 2, 12, 3, 13]);
  assert.deepEqual(
    read.problems.map(({ offset, message }) => [
      Math.floor(offset! / 1e9),
      /skipped unread|500 bytes hold no record/.test(message),
    ]),
    [
      [0, true],
      [2, true],
      [2, true],
      [5, true],
    ],
  );
  const places = read.media.map(({ place }) => (place.at === 'range' ? place.offset : 0));
  assert.ok(places[0]! > 2 ** 31 && places[1]! > 2 ** 32);
  const file = openSync(path.join(folder, 'events.out.tfevents.1700000000.host'), 'r');
  const text = Buffer.alloc(5);
  readSync(file, text, 0, 5, places[1]!);
  closeSync(file);
  assert.equal(text.toString(), 'hello');
});
