import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { ArrayFacts, ArraySource } from '../../../../src/recipes/data.ts';
import { openArraySet } from '../../../../src/trainer/data/arrays/arraySet.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import type { DataSet } from '../../../../src/trainer/data/dataSet.ts';
import { OpenFiles } from '../../../../src/trainer/data/files/openFiles.ts';
import { openDataSet } from '../../../../src/trainer/data/openDataSet.ts';
import { temporaryFolder } from '../support.ts';
import { badDataSays } from './badDataSays.ts';
import { request, withSet, writeFiles } from './requests.ts';

function source(changes: Partial<ArraySource> = {}): ArraySource {
  return { kind: 'arrays', features: [], target: 'y', targetIsClass: true, testFraction: 0, ...changes };
}

function rows(set: DataSet): { features: number[][]; targets: number[] } {
  const all = set.gather(Array.from({ length: set.facts.examples }, (_, i) => i));
  const values = Array.from(all['features'] as Float32Array);
  const width = values.length / set.facts.examples;
  const features = Array.from({ length: set.facts.examples }, (_, i) => values.slice(i * width, (i + 1) * width));
  return { features, targets: Array.from((all['labels'] ?? all['targets']) as ArrayLike<number | bigint>, Number) };
}

test('CSV: separators, quotes, line ends and a byte order mark; text classes are numbered in their order', async (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    'comma.csv': '\ufeffa,"b ""x""",y\r\n1,2.5,red\r\n"-3",4e1,"blue, dark"\r\n\r\n5,6,red',
    'semicolon.csv': 'a;b;y\n1;2.5;red\n-3;40;"blue, dark"\n5;6;red\n',
    'tab.tsv.gz': gzipSync('a\tb\ty\n1\t2.5\tred\n-3\t40\tblue, dark\n5\t6\tred\n'),
  });
  for (const name of ['comma.csv', 'semicolon.csv', 'tab.tsv.gz']) {
    await withSet(request(path.join(folder, name), source()), (set) => {
      assert.deepEqual(
        rows(set),
        {
          features: [
            [1, 2.5],
            [-3, 40],
            [5, 6],
          ],
          targets: [1, 0, 1],
        },
        name,
      );
      const facts = set.facts as ArrayFacts;
      assert.deepEqual([facts.features, facts.classes, facts.targetScales], [[2], 2, []]);
      const deviation = Math.sqrt((0 + 16 + 16) / 3);
      assert.equal(facts.featureScales[0]!.mean, 1);
      assert.ok(Math.abs(facts.featureScales[0]!.deviation - deviation) < 1e-12);
    });
  }
});

test('CSV without a header, a quoted line end, and numbers as targets', async (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    'n.csv': '1,2,0.5\n3,2,1.5\n',
    'q.csv': 'a,note,y\n1,"two\nlines",7\n2,x,9\n',
  });
  await withSet(request(path.join(folder, 'n.csv'), source({ target: '2', targetIsClass: false })), (set) => {
    assert.deepEqual(rows(set), {
      features: [
        [1, 2],
        [3, 2],
      ],
      targets: [0.5, 1.5],
    });
    // What does not vary is divided by 1.
    assert.deepEqual((set.facts as ArrayFacts).featureScales[1], { mean: 2, deviation: 1 });
    assert.deepEqual((set.facts as ArrayFacts).targetScales, [{ mean: 1, deviation: 0.5 }]);
  });
  await withSet(request(path.join(folder, 'q.csv'), source({ features: ['a'] })), (set) => {
    assert.deepEqual(rows(set), { features: [[1], [2]], targets: [7, 9] });
    assert.equal((set.facts as ArrayFacts).classes, 10);
  });
});

test('any table comes back from CSV and JSON lines', async (t) => {
  const folder = temporaryFolder(t);
  const row = fc.record({
    a: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    y: fc.constantFrom('x', 'a "b"', 'c,d', 'ü;\n'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (table) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      writeFiles(folder, {
        'x.csv': `a,y\n${table.map(({ a, y }) => `${a},${quoted(y)}\n`).join('')}`,
        'x.jsonl': table.map((each) => `${JSON.stringify(each)}\n`).join(''),
      });
      const classes = [...new Set(table.map(({ y }) => y.trim()))];
      for (const name of ['x.csv', 'x.jsonl']) {
        await withSet(request(path.join(folder, name), source()), (set) => {
          const { features, targets } = rows(set);
          assert.deepEqual(
            features.flat(),
            table.map(({ a }) => Math.fround(a)),
          );
          assert.equal((set.facts as ArrayFacts).classes, classes.length);
          for (const [i, { y }] of table.entries()) {
            assert.ok(table.every((other, j) => (other.y.trim() === y.trim()) === (targets[i] === targets[j])));
          }
        });
      }
    }),
    { numRuns: 30 },
  );
});

test('JSON lines: lists are rows of numbers, truth values are 0 and 1', async (t) => {
  const text = '{"x":[[1,2],[3,4]],"z":true,"y":0}\n\n{"y":2,"z":false,"x":[[5,6],[7,8]],"more":null}';
  const file = path.join(writeFiles(temporaryFolder(t), { 'x.jsonl': text }), 'x.jsonl');
  await withSet(request(file, source()), (set) => {
    assert.deepEqual(rows(set), {
      features: [
        [1, 2, 3, 4, 1],
        [5, 6, 7, 8, 0],
      ],
      targets: [0, 2],
    });
    assert.equal((set.facts as ArrayFacts).classes, 3);
  });
});

test('tensors of .npy, .npz and safetensors, of all types, from memory and from disk', async (t) => {
  const folder = temporaryFolder(t);
  const images = Float32Array.from({ length: 4 * 6 }, (_, i) => i / 4);
  const npyImages = npyFile('<f4', [4, 2, 3], images);
  const npyLabels = npyFile('<i8', [4], BigInt64Array.from([3n, 0n, 1n, 0n]));
  writeFiles(folder, {
    'npy/x.npy': npyImages,
    'npy/y.npy': npyLabels,
    'stored.npz': zipFile({ 'x.npy': npyImages, 'y.npy': npyLabels }, false),
    'packed.npz': zipFile({ 'x.npy': npyImages, 'y.npy': npyLabels }, true),
    'x.safetensors': safetensorsFile({
      x: ['F32', [4, 2, 3], images],
      y: ['I64', [4], BigInt64Array.from([3n, 0n, 1n, 0n])],
    }),
    'big.npz': zipFile(
      { 'x.npy': npyFile('>f8', [4, 6], bigEndian(images)), 'y.npy': npyFile('|u1', [4], Uint8Array.of(3, 0, 1, 0)) },
      false,
    ),
    'half.npz': zipFile(
      { 'x.npy': npyFile('<f2', [4, 6], Uint16Array.from(images, halfBits)), 'y.npy': npyLabels },
      true,
    ),
  });
  const features = Array.from({ length: 4 }, (_, i) => Array.from(images.subarray(6 * i, 6 * i + 6)));
  for (const name of ['npy', 'stored.npz', 'packed.npz', 'x.safetensors', 'big.npz', 'half.npz']) {
    for (const files of [new OpenFiles(), new OpenFiles(0)]) {
      const set = (await openArraySet({ ...request(path.join(folder, name), source()), source: source() }, files))!;
      assert.deepEqual(rows(set), { features, targets: [3, 0, 1, 0] }, name);
      const loader = new BatchLoader(set, 5, { threads: 1 });
      assert.deepEqual(await loader.take(1, 6), await new BatchLoader({ ...set, gather: set.gather }, 5).take(1, 6));
      loader.dispose();
      set.dispose();
    }
  }
  await withSet(request(path.join(folder, 'npy'), source()), (set) =>
    assert.deepEqual((set.facts as ArrayFacts).features, [2, 3]),
  );
});

test('parts by names of files and of tensors, by rows held out, and the same classes in both', async (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    'named/train.csv': 'a,y\n1,dog\n3,cat\n',
    'named/test.csv': 'a,y\n5,eel\n7,dog\n',
    'keras.npz': zipFile(
      {
        'x_train.npy': npyFile('|u1', [3], Uint8Array.of(1, 2, 3)),
        'y_train.npy': npyFile('|u1', [3], Uint8Array.of(0, 1, 0)),
        'x_test.npy': npyFile('|u1', [1], Uint8Array.of(9)),
        'y_test.npy': npyFile('|u1', [1], Uint8Array.of(1)),
      },
      true,
    ),
    'all.csv': `a,y\n${Array.from({ length: 100 }, (_, i) => `${i},${i % 3}\n`).join('')}`,
  });
  const read = async (name: string, changes = {}) => {
    const part = (split: 'train' | 'test') =>
      withSet(request(path.join(folder, name), source(changes), split), (set) => ({
        ...rows(set),
        facts: set.facts as ArrayFacts,
        sha256: set.sha256,
      }));
    return { train: await part('train'), test: await part('test') };
  };
  const named = await read('named');
  assert.deepEqual(
    [named.train.targets, named.test.targets],
    [
      [1, 0],
      [2, 1],
    ],
  );
  assert.deepEqual([named.train.facts.classes, named.test.facts.classes], [3, 3]);
  assert.deepEqual(named.test.facts.featureScales, [{ mean: 2, deviation: 1 }]);
  const keras = await read('keras.npz');
  assert.deepEqual([keras.train.features, keras.test.features], [[[1], [2], [3]], [[9]]]);
  const all = await read('all.csv', { testFraction: 0.2 });
  assert.deepEqual([all.train.features.length, all.test.features.length], [80, 20]);
  const seen = [...all.train.features, ...all.test.features].flat().sort((a, b) => a - b);
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(all.train.facts.featureScales, all.test.facts.featureScales);
  assert.notEqual(all.train.sha256, all.test.sha256);
  assert.equal(await openDataSet(request(path.join(folder, 'all.csv'), source(), 'test')), undefined);
});

test('several tables of a folder are joined row after row', async (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    'a1.csv': 'a,y\n1,0\n2,1\n',
    'a2.csv': 'y,a\n1,3\n',
    'a10.csv': 'a,y\n4,0\n',
  });
  await withSet(request(folder, source()), (set) => {
    assert.deepEqual(rows(set), { features: [[1], [2], [3], [4]], targets: [0, 1, 1, 0] });
  });
});

test('broken and unfitting files are refused with what is wrong', async (t) => {
  const good = npyFile('<f4', [4], new Float32Array(4));
  const cases: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
    'cells.csv': ['a,y\n1,2\n1,2,3\n', /Line 3 of cells\.csv has 3 cells; 2 columns are named/],
    'empty.csv': ['a,y\n1,2\n,3\n', /"a" is empty in line 3 of empty\.csv/],
    'twice.csv': ['y,y\n1,2\n', /Two columns of twice\.csv are called "y"/],
    'quote.csv': ['a,y\n1,"2\n3,4\n', /A quote is opened in line 2 of quote\.csv and never closed/],
    'text.csv': ['a,y\n1,2\nParis,2\n', /"a" is no column of numbers: row 2 has "Paris"/],
    'target.csv': ['a,b\n1,2\n', /There is no "y" in .*There are: a, b/],
    'near.csv': ['hour,ys\n1,2\n', /There is no "y" in .*Did you mean ys\? There are: hour, ys/],
    'alone.csv': ['y\n1\n', /has the target alone/],
    'none.csv': ['', /There is no "y"/],
    'bad.jsonl': ['{"a":1,"y":2}\n{"a":1\n', /Line 2 of bad\.jsonl is no JSON/],
    'list.jsonl': ['[1]\n', /Line 1 of list\.jsonl is no object/],
    'key.jsonl': ['{"a":1,"y":2}\n{"a":1}\n', /Line 2 of key\.jsonl has no number, text or list of numbers as "y"/],
    'lengths.jsonl': ['{"a":[1],"y":2}\n{"a":[1,2],"y":2}\n', /"a" is a list of 2 in line 2, and a list of 1 before/],
    'cut.npy': [good.subarray(0, good.length - 1), /cut\.npy is cut: 144 bytes expected, 143 found/],
    'other.npy': ['not numpy at all', /no NumPy file/],
    'objects.npy': [npyFile('|O', [4], new Uint8Array(32)), /holds no plain numbers/],
    'fortran.npy': [npyFile('<f4', [2, 2], new Float32Array(4), true), /in Fortran's order/],
    'cut.npz': [zipFile({ 'x.npy': good }, true).subarray(0, 60), /without its directory/],
    'rows.npz': [
      zipFile({ 'x.npy': good, 'y.npy': npyFile('|u1', [3], new Uint8Array(3)) }, true),
      /"x" has 4 rows, and "y" has 3/,
    ],
    'short.safetensors': ['1234', /no safetensors file: it has 4 bytes/],
    'cut.safetensors': [safetensorsFile({ y: ['F32', [4], new Float32Array(4)] }).subarray(0, 70), /is cut/],
  };
  for (const [name, [content, says]] of Object.entries(cases)) {
    const folder = writeFiles(temporaryFolder(t), { [name]: content });
    await assert.rejects(openDataSet(request(path.join(folder, name), source())), badDataSays(says), name);
  }
  const table = path.join(writeFiles(temporaryFolder(t), { 'x.csv': 'a,y\n1,2\n' }), 'x.csv');
  await assert.rejects(openDataSet(request(table, source({ features: ['b'] }))), badDataSays(/There is no "b"/));
});

test('a tensor that is cut after it was opened is told', async (t) => {
  const file = path.join(temporaryFolder(t), 'x.npz');
  writeFileSync(
    file,
    zipFile(
      {
        'x.npy': npyFile('<f4', [1000], new Float32Array(1000)),
        'y.npy': npyFile('|u1', [1000], new Uint8Array(1000)),
      },
      false,
    ),
  );
  const set = (await openArraySet({ ...request(file, source()), source: source() }, new OpenFiles(0)))!;
  t.after(() => set.dispose());
  truncateSync(file, readFileSync(file).length / 2);
  assert.throws(() => set.gather([999]), badDataSays(/x\.npz ends at byte .* now/));
});

/** NumPy's format, version 1.0. */
function npyFile(descr: string, shape: readonly number[], data: NodeJS.TypedArray, isFortran = false): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${isFortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([head, Buffer.from(padded), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

function zipFile(files: Readonly<Record<string, Uint8Array>>, isPacked: boolean): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = isPacked ? deflateRawSync(content) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isPacked ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

function safetensorsFile(
  tensors: Readonly<Record<string, readonly [string, readonly number[], NodeJS.TypedArray]>>,
): Buffer {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { made: 'by a test' } };
  const parts = Object.entries(tensors).map(([name, [dtype, shape, data]]) => {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  });
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}

function bigEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeDoubleBE(value, 8 * i);
  return bytes;
}

/** Exact for the quarters from 0 to 6 that the test holds. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
}
