import assert from 'node:assert/strict';
import test from 'node:test';
import type { SeriesKind } from '../../../../src/domain/run.ts';
import { decodeMedia, trackerMimes } from '../../../../src/readers/index.ts';
import { bytes, double, float, int, message } from '../support/proto.ts';

const decoded = (kind: SeriesKind, mime: string, content: Uint8Array | string): unknown => {
  const result = decodeMedia({ kind, mime }, Buffer.from(content as string));
  if (!result.ok) return result.message;
  assert.match(result.value.mime, /^application\/vnd\.trainyard\./);
  return JSON.parse(new TextDecoder().decode(result.value.bytes));
};

const doubles = (...values: readonly number[]): Buffer => Buffer.from(new Float64Array(values).buffer);
const floats = (...values: readonly number[]): Buffer => Buffer.from(new Float32Array(values).buffer);
const shape = (...sizes: readonly number[]): Buffer => message(2, ...sizes.map((size) => message(2, int(1, size))));

test('a histogram of the first format loses its empty ends, and min and max are its outer edges', () => {
  const proto = [
    double(1, -1.5),
    double(2, 2.5),
    bytes(6, doubles(-2, -1, 0, 1, 3, 1e308)),
    bytes(7, doubles(0, 2, 0, 5, 1, 0)),
  ];
  assert.deepEqual(decoded('histogram', trackerMimes.histogramProto, Buffer.concat(proto)), {
    edges: [-1.5, -1, 0, 1, 2.5],
    counts: [2, 0, 5, 1],
  });
  const unpacked = [double(1, 0), double(2, 1), double(6, 1), double(7, 4)];
  assert.deepEqual(decoded('histogram', trackerMimes.histogramProto, Buffer.concat(unpacked)), {
    edges: [0, 1],
    counts: [4],
  });
  assert.deepEqual(decoded('histogram', trackerMimes.histogramProto, double(1, 3)), { edges: [3], counts: [] });
});

test('a histogram of the second format is a tensor of left, right and count', () => {
  const tensor = Buffer.concat([int(1, 2), shape(3, 3), bytes(4, doubles(0, 1, 5, 1, 2, 7, 3, 4, 1))]);
  assert.deepEqual(decoded('histogram', trackerMimes.tensor, tensor), { edges: [0, 1, 2, 3, 4], counts: [5, 7, 0, 1] });
  const float32 = Buffer.concat([int(1, 1), shape(1, 3), bytes(5, floats(0.5, 1, 2))]);
  assert.deepEqual(decoded('histogram', trackerMimes.tensor, float32), { edges: [0.5, 1], counts: [2] });
  assert.match(String(decoded('histogram', trackerMimes.tensor, Buffer.concat([int(1, 2), shape(4)]))), /no histogram/);
});

test('the edges of a histogram that is not finite are named, not drawn as nothing', () => {
  const proto = Buffer.concat([double(1, Number.NaN), double(2, 1), double(6, 1), double(7, 4)]);
  assert.match(String(decoded('histogram', trackerMimes.histogramProto, proto)), /not all finite/);
});

test('a precision-recall curve comes by falling thresholds', () => {
  const rows = [4, 2, 0, 6, 3, 0, 0, 3, 6, 0, 2, 4, 0.4, 0.5, 1, 1, 0.5, 0];
  const asContent = Buffer.concat([int(1, 1), shape(6, 3), bytes(4, floats(...rows))]);
  const asField = Buffer.concat([int(1, 1), shape(6, 3), ...rows.map((value) => float(5, value))]);
  const expected = {
    precision: [1, 0.5, Math.fround(0.4)],
    recall: [0, 0.5, 1],
    thresholds: [1, 0.5, 0],
  };
  assert.deepEqual(decoded('curve', trackerMimes.tensor, asContent), expected);
  assert.deepEqual(decoded('curve', trackerMimes.tensor, asField), expected);
  assert.match(String(decoded('curve', trackerMimes.tensor, Buffer.concat([int(1, 1), shape(2, 3)]))), /no curve/);
});

test('tables of W&B keep bare NaN as a text and name the files of pictures', () => {
  const table =
    '{"columns":["id","loss","picture"],"data":[[1,NaN,{"_type":"image-file","path":"media/images/a.png"}],[2,-Infinity,"a NaN"]]}';
  assert.deepEqual(decoded('table', trackerMimes.splitTable, table), {
    columns: ['id', 'loss', 'picture'],
    rows: [
      [1, 'NaN', { file: 'files/media/images/a.png' }],
      [2, '-Infinity', 'a NaN'],
    ],
    totalRows: 2,
  });
  const long = JSON.stringify({ columns: [0], data: Array.from({ length: 10_500 }, (_, index) => [index]) });
  const { rows, totalRows } = decoded('table', trackerMimes.splitTable, long) as { rows: unknown[]; totalRows: number };
  assert.deepEqual([rows.length, totalRows], [10_000, 10_500]);
});

test('tables of records have the union of their keys as columns', () => {
  const rows =
    '{"_type":"trackio.table","_value":[{"a":1,"b":"x"},{"a":2,"c":{"_type":"trackio.image","file_path":"p/r/0/a.png"}}]}';
  assert.deepEqual(decoded('table', trackerMimes.recordTable, rows), {
    columns: ['a', 'b', 'c'],
    rows: [
      [1, 'x', null],
      [2, null, { file: 'media/p/r/0/a.png' }],
    ],
    totalRows: 2,
  });
});

test('delimited text is a table, quoted fields and missing ends included', () => {
  const text = '\ufeffname,note\r\na,"says ""no"", twice\nand more"\nb,\n\nc,d';
  assert.deepEqual(decoded('table', trackerMimes.csv, text), {
    columns: ['name', 'note'],
    rows: [
      ['a', 'says "no", twice\nand more'],
      ['b', ''],
      ['c', 'd'],
    ],
    totalRows: 3,
  });
  assert.deepEqual(decoded('table', trackerMimes.tsv, 'a\tb\n1\t"x'), {
    columns: ['a', 'b'],
    rows: [['1', 'x']],
    totalRows: 1,
  });
});

test('histograms of W&B and Trackio give their edges, packed or not', () => {
  const expected = { edges: [0, 0.5, 1], counts: [3, 4] };
  const plain = '{"_type":"histogram","values":[3,4],"bins":[0,0.5,1]}';
  const packed = '{"_type":"histogram","values":[3,4],"packedBins":{"min":0,"size":0.5,"count":2}}';
  assert.deepEqual(decoded('histogram', trackerMimes.wandbHistogram, plain), expected);
  assert.deepEqual(decoded('histogram', trackerMimes.wandbHistogram, packed), expected);
  assert.deepEqual(decoded('histogram', trackerMimes.trackioHistogram, plain), expected);
  assert.match(
    String(decoded('histogram', trackerMimes.wandbHistogram, '{"values":[3,4],"bins":[1]}')),
    /no histogram/,
  );
});

test('points of a precision-recall curve are put in order', () => {
  const text =
    '{"prc":[{"precision":0.5,"recall":1,"threshold":0.1},{"precision":1,"recall":0,"threshold":null},{"precision":0.8,"recall":0.5,"threshold":0.6}]}';
  assert.deepEqual(decoded('curve', trackerMimes.recordCurve, text), {
    precision: [1, 0.8, 0.5],
    recall: [0, 0.5, 1],
    thresholds: [1, 0.6, 0.1],
  });
});

test('what panels know already, and what nobody knows, is handed on; damage is a sentence', () => {
  const picture = decodeMedia({ kind: 'image', mime: 'image/png' }, Buffer.from('png'));
  assert.deepEqual(picture.ok && [picture.value.mime, Buffer.from(picture.value.bytes).toString()], [
    'image/png',
    'png',
  ]);
  const other = decodeMedia({ kind: 'other', mime: trackerMimes.tensor }, Buffer.from('x'));
  assert.equal(other.ok && other.value.mime, trackerMimes.tensor);
  assert.match(String(decoded('table', trackerMimes.splitTable, '{"columns":[')), /no table/);
  assert.match(String(decoded('table', trackerMimes.splitTable, '[]')), /no table/);
  assert.match(String(decoded('histogram', trackerMimes.histogramProto, Buffer.from([0x32, 0xff]))), /no histogram/);
});
