import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { decodeMedia } from '../../../src/readers/index.ts';
import { tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { hostInName } from '../../../src/readers/tensorboard/names.ts';
import {
  event,
  type Gathered,
  metadata,
  readAll,
  runAt,
  scalarV1,
  simple,
  summary,
  temporaryFolder,
  tensor,
  value,
  version,
} from './support/events.ts';
import { bytes, double, float, int, message, varint } from './support/proto.ts';

async function read(context: TestContext, ...records: readonly Uint8Array[]): Promise<Gathered> {
  const folder = temporaryFolder(context);
  writeFileSync(path.join(folder, 'events.out.tfevents.1700000000.host'), Buffer.concat(records));
  return readAll(tensorboardFormat.open(runAt(folder)));
}

const content = (write: (buffer: Buffer) => void, size: number): Buffer => {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return bytes(4, buffer);
};

/** A rank-0 tensor in every way that TensorProto has for it, and the number that it means. */
const scalarTensors: readonly { readonly name: string; readonly parts: Buffer; readonly means: number }[] = [
  {
    name: 'float in float_val, packed',
    parts: tensor(1, [], bytes(5, Buffer.from(new Float32Array([1.1]).buffer))),
    means: Math.fround(1.1),
  },
  { name: 'float in float_val, one by one', parts: tensor(1, [], float(5, 1.1)), means: Math.fround(1.1) },
  {
    name: 'float in tensor_content',
    parts: tensor(
      1,
      [],
      content((buffer) => buffer.writeFloatLE(1.1), 4),
    ),
    means: Math.fround(1.1),
  },
  { name: 'double in double_val', parts: tensor(2, [], double(6, 1.1)), means: 1.1 },
  {
    name: 'double in tensor_content',
    parts: tensor(
      2,
      [],
      content((buffer) => buffer.writeDoubleLE(1.1), 8),
    ),
    means: 1.1,
  },
  { name: 'int32 in int_val', parts: tensor(3, [], int(7, -5)), means: -5 },
  {
    name: 'int32 in tensor_content',
    parts: tensor(
      3,
      [],
      content((buffer) => buffer.writeInt32LE(-5), 4),
    ),
    means: -5,
  },
  { name: 'uint8 in int_val', parts: tensor(4, [], int(7, 200)), means: 200 },
  {
    name: 'int16 in tensor_content',
    parts: tensor(
      5,
      [],
      content((buffer) => buffer.writeInt16LE(-300), 2),
    ),
    means: -300,
  },
  {
    name: 'int8 in tensor_content',
    parts: tensor(
      6,
      [],
      content((buffer) => buffer.writeInt8(-3), 1),
    ),
    means: -3,
  },
  {
    name: 'int64 in int64_val, packed',
    parts: tensor(9, [], bytes(10, Buffer.from(varint(-7_000_000_000)))),
    means: -7_000_000_000,
  },
  {
    name: 'int64 in tensor_content',
    parts: tensor(
      9,
      [],
      content((buffer) => buffer.writeBigInt64LE(7_000_000_000n), 8),
    ),
    means: 7_000_000_000,
  },
  { name: 'bool', parts: tensor(10, [], int(11, 1)), means: 1 },
  { name: 'bfloat16 in half_val', parts: tensor(14, [], int(13, 0xc0a0)), means: -5 },
  {
    name: 'bfloat16 in tensor_content',
    parts: tensor(
      14,
      [],
      content((buffer) => buffer.writeUInt16LE(0x3f80), 2),
    ),
    means: 1,
  },
  { name: 'half in half_val', parts: tensor(19, [], int(13, 0x3c01)), means: 1 + 2 ** -10 },
  { name: 'half, subnormal', parts: tensor(19, [], int(13, 0x0001)), means: 2 ** -24 },
  { name: 'half, minus infinity', parts: tensor(19, [], int(13, 0xfc00)), means: Number.NEGATIVE_INFINITY },
  { name: 'uint32', parts: tensor(22, [], int(16, 4_000_000_000)), means: 4_000_000_000 },
  { name: 'uint64', parts: tensor(23, [], int(17, 9_000_000_000)), means: 9_000_000_000 },
  { name: 'one element of rank 1', parts: tensor(1, [1], float(5, 2.5)), means: 2.5 },
  { name: 'no element stored', parts: tensor(1, []), means: 0 },
];

for (const { name, parts, means } of scalarTensors) {
  test(`a scalar tensor is read: ${name}`, async (context) => {
    const records = [
      version(),
      event(10, 3, summary(value('t', parts, metadata('scalars')))),
      event(11, 4, summary(value('t', parts))),
    ];
    const { rows, problems } = await read(context, ...records);
    assert.deepEqual(problems, []);
    assert.deepEqual(rows.get('t'), { steps: [3, 4], wallTimes: [10, 11], values: [means, means] });
  });
}

test('values that are not finite and steps of every size are kept as they are', async (context) => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 3.4028234663852886e38];
  const steps = [0, 5, 5, 3, -2, 2 ** 48, 2 ** 53 - 1];
  const { rows } = await read(
    context,
    version(),
    ...values.map((each, index) => scalarV1(index, 1, 'value', each)),
    ...steps.map((step, index) => scalarV1(index, step, 'step', index)),
  );
  assert.deepEqual(rows.get('value')!.values, values);
  assert.deepEqual(rows.get('step')!.steps, steps);
});

test('several values of one event, and fields in an unusual order, are read', async (context) => {
  const swapped = event(7, 2, int(99, 1), summary(simple('b', 2)), summary(message(1, float(2, 3), bytes(1, 'c'))));
  const { rows } = await read(context, version(), event(5, 1, summary(simple('a', 1), simple('b', 1.5))), swapped);
  assert.deepEqual(
    [...rows].map(([tag, { values }]) => [tag, values]),
    [
      ['a', [1]],
      ['b', [1.5, 2]],
      ['c', [3]],
    ],
  );
});

test('the fast reader and the general one agree', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'events.out.tfevents.1700000000.host');
  const scalar = fc.record({
    tag: fc.constantFrom('loss', 'train/ loss', 'größe', 'x'.repeat(127), 'x'.repeat(130), ''),
    step: fc.oneof(fc.integer({ min: -3, max: 300 }), fc.maxSafeInteger()),
    wallTime: fc.double({ min: 1, max: 2e9, noNaN: true }),
    value: fc.float(),
    form: fc.constantFrom('v1', 'v2 field', 'v2 content', 'v2 double'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(scalar, { minLength: 1, maxLength: 30 }), async (scalars) => {
      const encode = (
        { tag, step, wallTime, value: number, form }: (typeof scalars)[number],
        spoil: readonly Uint8Array[],
      ): Buffer => {
        const forms = {
          v1: () => simple(tag, number),
          'v2 field': () => value(tag, tensor(1, [], float(5, number)), metadata('scalars')),
          'v2 content': () =>
            value(
              tag,
              tensor(
                1,
                [],
                content((buffer) => buffer.writeFloatLE(number), 4),
              ),
              metadata('scalars'),
            ),
          'v2 double': () => value(tag, tensor(2, [], double(6, number)), metadata('scalars')),
        };
        return event(wallTime, step, ...spoil, summary(forms[form]()));
      };
      // An unknown field in front makes the fast reader give up.
      const readers = [[], [int(77, 1)]].map(async (spoil, index) => {
        writeFileSync(`${file}${index}`, Buffer.concat(scalars.map((each) => encode(each, spoil))));
        const { rows } = await readAll(
          new (await import('../../../src/readers/tensorboard/format.ts')).TensorboardReader(runAt(folder), {
            only: path.basename(`${file}${index}`),
          }),
        );
        return [...rows];
      });
      const [fast, general] = await Promise.all(readers);
      assert.deepEqual(fast, general);
      const expected = new Map<string, number[]>();
      for (const { tag, value: number } of scalars) expected.set(tag, [...(expected.get(tag) ?? []), number]);
      assert.deepEqual(new Map(fast!.map(([tag, { values }]) => [tag, values])), expected);
    }),
    { numRuns: 60 },
  );
});

test('metadata holds for the tag in later files and after a restart of the reader', async (context) => {
  const folder = temporaryFolder(context);
  const named = value('n', tensor(1, [2], bytes(5, Buffer.alloc(8))), metadata('pr_curves'));
  writeFileSync(
    path.join(folder, 'events.out.tfevents.100.host'),
    Buffer.concat([version(), event(1, 1, summary(named))]),
  );
  const first = await readAll(tensorboardFormat.open(runAt(folder)));
  const unnamed = value('n', tensor(1, [], float(5, 1)));
  writeFileSync(
    path.join(folder, 'events.out.tfevents.101.host'),
    Buffer.concat([version(), event(2, 2, summary(unnamed))]),
  );
  const both = await readAll(tensorboardFormat.open(runAt(folder)), first);
  assert.equal(both.resets, 0);
  assert.equal(both.rows.size, 0);
  assert.deepEqual(
    both.media.map(({ tag, kind, step }) => [tag, kind, step]),
    [
      ['n', 'curve', 1],
      ['n', 'curve', 2],
    ],
  );
});

test('pictures, text, sound and histograms of both formats are listed with their places', async (context) => {
  const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(20, 7)]);
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 1, 2, 3]);
  const records = [
    version(),
    event(1, 1, summary(value('v1/image/0', message(4, int(1, 5), int(2, 6), int(3, 3), bytes(4, jpeg))))),
    event(
      2,
      2,
      summary(
        value('v2', tensor(7, [4], bytes(8, '8'), bytes(8, '9'), bytes(8, png), bytes(8, png)), metadata('images')),
      ),
    ),
    event(3, 3, summary(value('text', tensor(7, [2], bytes(8, 'one'), bytes(8, 'two')), metadata('text')))),
    event(4, 4, summary(value('sound1', message(6, float(1, 44100), bytes(4, 'RIFF'), bytes(5, 'audio/x-wav'))))),
    event(5, 5, summary(value('sound2', tensor(7, [1, 2], bytes(8, 'RIFF'), bytes(8, 'label')), metadata('audio')))),
    event(6, 6, summary(value('histogram1', message(5, double(1, 0), double(2, 1))))),
    event(7, 7, summary(value('histogram2', tensor(2, [1, 3], bytes(6, Buffer.alloc(24))), metadata('histograms')))),
  ];
  const file = Buffer.concat(records);
  const { media, problems, rows } = await read(context, ...records);
  assert.deepEqual(problems, []);
  assert.equal(rows.size, 0);
  const found = media.map(({ tag, kind, step, index, mime, width, height }) => [
    tag,
    kind,
    step,
    index,
    mime.split(';')[0],
    width,
    height,
  ]);
  assert.deepEqual(found, [
    ['v1/image/0', 'image', 1, 0, 'image/jpeg', 6, 5],
    ['v2', 'image', 2, 0, 'image/png', 8, 9],
    ['v2', 'image', 2, 1, 'image/png', 8, 9],
    ['text', 'text', 3, 0, 'text/markdown', undefined, undefined],
    ['text', 'text', 3, 1, 'text/markdown', undefined, undefined],
    ['sound1', 'audio', 4, 0, 'audio/x-wav', undefined, undefined],
    ['sound2', 'audio', 5, 0, 'audio/wav', undefined, undefined],
    ['histogram1', 'histogram', 6, 0, 'application/x-protobuf', undefined, undefined],
    ['histogram2', 'histogram', 7, 0, 'application/x-protobuf', undefined, undefined],
  ]);
  const contentOf = (index: number): Buffer => {
    const { offset, length } = media[index]!.place as { offset: number; length: number };
    return file.subarray(offset, offset + length);
  };
  assert.deepEqual(
    [contentOf(0), contentOf(2), contentOf(4).toString(), contentOf(6).toString()],
    [jpeg, png, 'two', 'RIFF'],
  );
});

test('hyper-parameters become the configuration; they are no series and no sign of an end', async (context) => {
  const entry = (name: string, ...content: readonly Uint8Array[]): Buffer =>
    message(1, bytes(1, name), message(2, ...content));
  const list = message(6, message(1, double(2, 1)), message(1, bytes(3, 'two')));
  const nested = message(5, message(1, bytes(1, 'inner'), message(2, int(4, 0))));
  const info = message(
    3,
    entry('lr', double(2, 0.001)),
    entry('optimizer', bytes(3, 'adam')),
    entry('amp', int(4, 1)),
    entry('sizes', list),
    entry('more', nested),
    entry('__proto__', bytes(3, 'x')),
  );
  const ended = value('_hparams_/session_end_info', metadata('hparams', message(4, int(1, 1))));
  const { facts, rows, media } = await read(
    context,
    version(),
    event(1, 0, summary(value('_hparams_/session_start_info', metadata('hparams', info)), ended)),
  );
  assert.deepEqual(
    { ...facts.config },
    Object.fromEntries([
      ['lr', 0.001],
      ['optimizer', 'adam'],
      ['amp', true],
      ['sizes', [1, 'two']],
      ['more', { inner: false }],
      ['__proto__', 'x'],
    ]),
  );
  assert.deepEqual([rows.size, media.length, facts.status], [0, 0, 'unknown']);
});

test('a session that starts again is told, and all rows stay', async (context) => {
  const restart = event(30, 2, message(7, int(1, 1)));
  const { facts, rows } = await read(
    context,
    version(),
    scalarV1(10, 1, 'a', 1),
    scalarV1(20, 2, 'a', 2),
    restart,
    scalarV1(40, 2, 'a', 3),
  );
  assert.deepEqual(facts.restarts, [{ step: 2, wallTime: 30 }]);
  assert.deepEqual(rows.get('a')!.values, [1, 2, 3]);
});

test('a precision-recall curve is a curve, found again by its place', async (context) => {
  const rows = [4, 2, 0, 6, 3, 0, 0, 3, 6, 0, 2, 4, 0.4, 0.5, 1, 1, 0.5, 0];
  const content = tensor(1, [6, 3], bytes(4, Buffer.from(new Float32Array(rows).buffer)));
  const records = [version(), event(1, 5, summary(value('pr', content, metadata('pr_curves'))))];
  const { media } = await read(context, ...records);
  assert.deepEqual(
    media.map(({ tag, kind, step }) => [tag, kind, step]),
    [['pr', 'curve', 5]],
  );
  const [record] = media;
  assert.ok(record?.place.at === 'range');
  const { offset, length } = record.place;
  const decoded = decodeMedia(record, Buffer.concat(records).subarray(offset, offset + length));
  assert.ok(decoded.ok);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(decoded.value.bytes)).recall, [0, 0.5, 1]);
});

test('the machine that wrote a log stands in the names of its files', () => {
  const hosts = [
    'events.out.tfevents.1622543341.box.86862.0',
    'events.out.tfevents.1700000000.node-3.cluster.example.org.123.1.v2',
    'events.out.tfevents.1700000000.DESKTOP-AK22K9V',
    'events.out.tfevents.1700000000.host.v2',
    'events.out.tfevents.1700000000.12.0',
    'events.out.tfevents',
  ];
  assert.deepEqual(hosts.map(hostInName), [
    'box',
    'node-3.cluster.example.org',
    'DESKTOP-AK22K9V',
    'host',
    undefined,
    undefined,
  ]);
});
