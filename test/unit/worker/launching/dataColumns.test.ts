import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { DataColumns } from '../../../../src/domain/dataColumns.ts';
import { readDelimited } from '../../../../src/trainer/data/arrays/delimited.ts';
import { OpenFiles } from '../../../../src/trainer/data/files/openFiles.ts';
import { dataColumns } from '../../../../src/worker/launching/columns/dataColumns.ts';
import { temporaryFolder } from '../../readers/support/events.ts';

function folderOf(context: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = temporaryFolder(context);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  return root;
}

const pairs = ({ columns }: DataColumns) => columns.map(({ name, about }) => [name, about]);
const names = ({ columns }: DataColumns) => columns.map(({ name }) => name);

test('a table tells its columns with their first values', async (context) => {
  const root = folderOf(context, {
    'iris.csv': '\ufeffsepal length,"kind, of flower"\r\n5.1,"a ""b"""\r\n4.9,c\r\n',
    'tabs.tsv': 'one\ttwo\n1\t2\n',
    'semicolons.csv': 'a;b\n1,5;2\n',
    'names.csv': 'only,names\n',
    'packed.csv.gz': gzipSync('x,y\n1,2\n'),
    'data.txt': 'p,q\n1,2\n',
  });
  const of = async (name: string) => pairs(await dataColumns(path.join(root, name), 'table'));
  assert.deepEqual(await of('iris.csv'), [
    ['sepal length', '5.1'],
    ['kind, of flower', 'a "b"'],
  ]);
  assert.deepEqual(await of('tabs.tsv'), [
    ['one', '1'],
    ['two', '2'],
  ]);
  assert.deepEqual(await of('semicolons.csv'), [
    ['a', '1,5'],
    ['b', '2'],
  ]);
  assert.deepEqual(await of('names.csv'), [
    ['only', ''],
    ['names', ''],
  ]);
  assert.deepEqual(await of('packed.csv.gz'), [
    ['x', '1'],
    ['y', '2'],
  ]);
  assert.deepEqual(names(await dataColumns(path.join(root, 'data.txt'), 'table')), ['p', 'q']);
  const { source, isAll, why } = await dataColumns(path.join(root, 'iris.csv'), 'table');
  assert.deepEqual([source, isAll, why], ['iris.csv', true, undefined]);
});

test('a table without a header has numbers for names, as in the trainer', async (context) => {
  const root = folderOf(context, { 'bare.csv': '5,6\n7,8\n' });
  assert.deepEqual(pairs(await dataColumns(path.join(root, 'bare.csv'), 'table')), [
    ['0', '5'],
    ['1', '6'],
  ]);
});

test('whatever stands in the first lines of a table, the names are those of the trainer', async (context) => {
  const file = path.join(temporaryFolder(context), 'any.csv');
  const cell = fc.oneof(fc.constantFrom('a', 'b c', '1', '2.5', '"x,y"', '"q""r"', '"two\nlines"', ' s '), fc.string());
  const row = fc.array(cell, { minLength: 1, maxLength: 4 });
  const text = fc
    .tuple(row, fc.constantFrom(',', '\t', ';'), fc.constantFrom('\n', '\r\n'))
    .map(([cells, separator, end]) => `${cells.join(separator)}${end}${cells.map(() => '1').join(separator)}${end}`);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(text, async (content) => {
      writeFileSync(file, content);
      const files = new OpenFiles();
      const theirs = await readDelimited(file, files, createHash('sha256')).catch(() => undefined);
      files.dispose();
      const ours = await dataColumns(file, 'table');
      if (theirs === undefined || ours.columns.length === 0) return;
      compared++;
      assert.deepEqual(names(ours), [...theirs.keys()]);
    }),
    { numRuns: 300 },
  );
  assert.ok(compared > 100, `${compared} tables were compared`);
});

test('JSON lines tell the keys of their first record', async (context) => {
  const long = 'word '.repeat(40);
  const root = folderOf(context, {
    'rows.jsonl': '\n{"x":[1,2],"say \\"y\\"":"A","none":null}\n{"x":1}\n',
    'texts.ndjson': `${JSON.stringify({ text: long, label: 3 })}\n`,
    'plain.txt': '{"body":"A"}',
  });
  assert.deepEqual(pairs(await dataColumns(path.join(root, 'rows.jsonl'), 'table')), [
    ['x', '[1,2]'],
    ['say "y"', 'A'],
    ['none', 'null'],
  ]);
  const [text, label] = pairs(await dataColumns(path.join(root, 'texts.ndjson'), 'records'));
  assert.deepEqual([text![0], text![1]!.length, label], ['text', 60, ['label', '3']]);
  assert.deepEqual(names(await dataColumns(path.join(root, 'plain.txt'), 'records')), ['body']);
});

test('tensors are named without the part that their names say', async (context) => {
  const entry = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
  const header = JSON.stringify({ x_train: entry, y_train: entry, x_test: entry, y_test: entry });
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  const root = folderOf(context, {
    'set.safetensors': Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(24)]),
    'arrays/x.npy': 'not looked into',
    'arrays/y.npy': 'not looked into',
  });
  assert.deepEqual(pairs(await dataColumns(path.join(root, 'set.safetensors'), 'table')), [
    ['x', 'F32 [2, 3]'],
    ['y', 'F32 [2, 3]'],
  ]);
  const arrays = await dataColumns(path.join(root, 'arrays'), 'table');
  assert.deepEqual([names(arrays), arrays.isAll], [['x', 'y'], false]);
});

test('of a folder one table tells, that of the training part where there is one', async (context) => {
  const root = folderOf(context, {
    'parts/train/deep/a.csv': 'x_train,y_train\n1,2\n',
    'parts/test/a.csv': 'x_test,y_test\n1,2\n',
    'files/readme.md': 'x',
    'files/test.csv': 'c,d\n1,2\n',
    'files/train.csv': 'c,d\n1,2\n',
    'below/one/two/t.jsonl': '{"e":1}\n',
    'empty/notes.txt': 'x',
    'elsewhere/train/a.csv': 'f,g\n1,2\n',
  });
  symlinkSync(path.join(root, 'elsewhere', 'train'), path.join(root, 'empty', 'valid'));
  const of = async (name: string) => {
    const found = await dataColumns(path.join(root, name), 'table');
    return [names(found), found.source, found.isAll];
  };
  assert.deepEqual(await of('parts'), [['x', 'y'], 'a.csv', false]);
  assert.deepEqual(await of('files'), [['c', 'd'], 'train.csv', false]);
  assert.deepEqual(await of('below'), [['e'], 't.jsonl', false]);
  assert.deepEqual(await of('empty'), [['f', 'g'], 'a.csv', false]);
  assert.match((await dataColumns(path.join(root, 'below'), 'onnx')).why!, /no columns/);
});

test('what tells no names says why, and nothing waits for it', async (context) => {
  const root = folderOf(context, {
    'void.csv': '',
    'twice.csv': 'a,a\n1,2\n',
    'binary.csv': Buffer.from([65, 0, 66, 0, 10]),
    'pointer.csv': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
    'broken.jsonl': '{"a":\n',
    'list.jsonl': '[1,2]\n',
    'damaged.csv.gz': 'no gzip',
    'cut.npz': 'PK\u0003\u0004',
    'folder/notes.md': 'x',
  });
  execFileSync('mkfifo', [path.join(root, 'pipe.csv')]);
  mkdirSync(path.join(root, 'pipes'));
  execFileSync('mkfifo', [path.join(root, 'pipes', 'a.csv')]);
  const expected: Readonly<Record<string, RegExp>> = {
    'void.csv': /void\.csv is empty/,
    'twice.csv': /Two columns of twice\.csv are called "a"/,
    'binary.csv': /is no text in UTF-8/,
    'pointer.csv': /git lfs pull/,
    'broken.jsonl': /no JSON object/,
    'list.jsonl': /no JSON object/,
    'damaged.csv.gz': /cannot be read: .*header/,
    'cut.npz': /cut/,
    'pipe.csv': /neither a file nor a folder/,
    pipes: /No table was found/,
    folder: /No table was found/,
    'none.csv': /There is no .*none\.csv/,
  };
  for (const [name, sentence] of Object.entries(expected)) {
    const { columns, isAll, why } = await dataColumns(path.join(root, name), 'table');
    assert.deepEqual([columns, isAll], [[], false], name);
    assert.match(why ?? '', sentence, name);
  }
});

test('of files of any size only the beginning is read', async (context) => {
  const root = folderOf(context, { 'large.csv': `a,b\n${'1,2\n'.repeat(20_000)}`, 'line.csv': 'a,b' });
  // A hole of 20 GB takes no room on the disk, and would take minutes to be read.
  for (const name of ['large.csv', 'line.csv']) truncateSync(path.join(root, name), 20e9);
  assert.deepEqual(names(await dataColumns(path.join(root, 'large.csv'), 'table')), ['a', 'b']);
  assert.match((await dataColumns(path.join(root, 'line.csv'), 'table')).why!, /no text/);
  writeFileSync(path.join(root, 'wide.csv'), Array.from({ length: 60_000 }, (_, i) => `gene${i}`).join(','));
  const wide = await dataColumns(path.join(root, 'wide.csv'), 'table');
  assert.deepEqual([wide.columns.length, wide.columns.at(-1)!.name], [60_000, 'gene59999']);
  await pipeline(
    function* () {
      for (let i = 0; i < 20; i++) yield Buffer.alloc(1 << 20, 'x');
    },
    createGzip(),
    createWriteStream(path.join(root, 'bomb.csv.gz')),
  );
  assert.match((await dataColumns(path.join(root, 'bomb.csv.gz'), 'table')).why!, /longer than 4 MB/);
});
