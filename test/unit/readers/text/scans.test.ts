import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../../src/domain/json.ts';
import { CsvScan } from '../../../../src/readers/text/csvScan.ts';
import { JsonScan } from '../../../../src/readers/text/jsonScan.ts';
import type { RecordScan } from '../../../../src/readers/text/recordScan.ts';
import { printedNumbers } from './decimals.ts';

type Rows = { [tag: string]: { steps: number[]; times: number[]; values: number[] } };
type MakeScan = (state: Json | undefined) => RecordScan;

/** What a scan makes of texts that follow one another, each of whole records. `isRenewed` has a new scan go on after each, from what the last one kept. */
function readAll(makeScan: MakeScan, texts: readonly string[], isRenewed: boolean): Rows {
  const rows: Rows = {};
  let scan = makeScan(null);
  let offset = 0;
  for (const text of texts) {
    const bytes = new TextEncoder().encode(`${text}\n`);
    const end = bytes.length - 1;
    const taken = scan.scan({ bytes, end, offset, isSettled: false });
    assert.equal(taken, end, text);
    offset += taken;
    for (const { tag, steps, wallTimes, values } of scan.take()) {
      rows[tag] ??= { steps: [], times: [], values: [] };
      rows[tag].steps.push(...steps);
      rows[tag].times.push(...wallTimes);
      rows[tag].values.push(...values);
    }
    if (isRenewed) scan = makeScan(JSON.parse(JSON.stringify(scan.state())) as Json);
  }
  return rows;
}

describe('records of the same shape', () => {
  const keys = [
    'step',
    'global_step',
    'epoch',
    'time',
    'timestamp',
    'mode',
    'loss',
    'a/b',
    'a',
    'long name of a figure',
  ];
  const text = fc.constantFrom(
    '"x"',
    '"NaN"',
    '"-Infinity"',
    '"a \\"b\\""',
    '"2026-01-02 03:04:05Z"',
    '"train"',
    '"val"',
  );
  const word = fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    'nan',
    'null',
    'true',
    'false',
    '[1, 2]',
    '{}',
    '12345678901234567890123',
  );
  const time = fc.double({ min: 1.6e9, max: 1.8e9, noNaN: true }).map(String);
  // Mostly numbers, so that shapes come again.
  const value = fc.oneof({ weight: 12, arbitrary: printedNumbers }, { weight: 3, arbitrary: time }, text, word);
  const shape = fc.record({
    keys: fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 7 }),
    comma: fc.constantFrom(', ', ',', ' , '),
    colon: fc.constantFrom(': ', ':'),
    isNested: fc.boolean(),
  });
  const record = fc.tuple(fc.nat({ max: 2 }), fc.array(value, { minLength: 7, maxLength: 7 }));
  const log = fc.tuple(
    fc.array(shape, { minLength: 3, maxLength: 3 }),
    fc.array(record, { minLength: 1, maxLength: 60 }),
  );

  it('give the rows that they give one by one', () => {
    fc.assert(
      fc.property(log, ([shapes, records]) => {
        const lines = records.map(([index, values]) => {
          const { keys: names, comma, colon, isNested } = shapes[index]!;
          const inner = names.map((name, at) => `"${name}"${colon}${values[at]}`).join(comma);
          return isNested ? `{"step"${colon}${values[6]}${comma}"a"${colon}{${inner}}}\n` : `{${inner}}\n`;
        });
        const make: MakeScan = (state) => new JsonScan(state);
        // A scan that has seen no record yet has no shape to compare with.
        assert.deepEqual(readAll(make, [lines.join('')], false), readAll(make, lines, true));
      }),
      { numRuns: 1500 },
    );
  });

  it('are taken by the thousand, beyond what the kernel has room for at once', () => {
    const lines = Array.from({ length: 5000 }, (_, row) =>
      row % 7 === 6
        ? `{"step": ${row}, "val": ${row / 3}}`
        : `{"step": ${row}, "time": ${1.7e9 + row}, "loss": ${1 / (row + 1)}}`,
    );
    const { loss, val, ...others } = readAll((state) => new JsonScan(state), [`${lines.join('\n')}\n`], false);
    const all = Array.from(lines.keys());
    const training = all.filter((row) => row % 7 !== 6);
    assert.deepEqual(others, {});
    assert.deepEqual(loss, {
      steps: training,
      times: training.map((row) => 1.7e9 + row),
      values: training.map((row) => 1 / (row + 1)),
    });
    assert.deepEqual(
      val!.values,
      all.filter((row) => row % 7 === 6).map((row) => row / 3),
    );
  });
});

describe('rows of a table', () => {
  /** Cells with what they mean; undefined for none. */
  const odd = fc.constantFrom<readonly [string, number | undefined]>(
    ['', undefined],
    ['  ', undefined],
    [' 1.5', 1.5],
    ['2.5 ', 2.5],
    ['nan', Number.NaN],
    ['-inf', -Infinity],
    ['"3.5"', 3.5],
    ['"a;b"', undefined],
    ['"a\nb"', undefined],
    ['"say ""x"""', undefined],
    ['text', undefined],
    ['tensor(0.5)', 0.5],
    ['12345678901234567890123.25', Number('12345678901234567890123.25')],
    ['a', undefined],
  );
  const number = printedNumbers.map((text) => [text, Number(text)] as const);
  const cell = fc.oneof({ weight: 4, arbitrary: number }, { weight: 1, arbitrary: odd });
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 50 });

  it('give every number of a cell with its row, at once and one by one', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, lineEnd) => {
        const names = ['x', 'b', 'c'];
        const lines = table.map((cells, row) => `${[String(row), ...cells.map(([text]) => text)].join(';')}${lineEnd}`);
        const expected: Rows = {};
        table.forEach((cells, row) => {
          for (const [index, [, value]] of cells.entries()) {
            if (value === undefined) continue;
            const tag = names[index] ?? `column ${index + 2}`;
            expected[tag] ??= { steps: [], times: [], values: [] };
            expected[tag].steps.push(row);
            expected[tag].times.push(Number.NaN);
            expected[tag].values.push(value);
          }
        });
        const make: MakeScan = (state) => new CsvScan(state);
        const head = `step;${names.join(';')}${lineEnd}`;
        assert.deepEqual(readAll(make, [head + lines.join('')], false), expected);
        assert.deepEqual(readAll(make, [head, ...lines], true), expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('are taken beyond what the kernel has room for at once, in wide tables too', () => {
    for (const [width, height] of [
      [3, 5000],
      [3000, 40],
    ] as const) {
      const names = Array.from({ length: width }, (_, column) => `c${column}`);
      const lines = Array.from({ length: height }, (_, row) =>
        names.map((_, column) => (row % 3 === column % 3 ? 'text' : String(row + column / 1000))).join(','),
      );
      const read = readAll((state) => new CsvScan(state), [`${[names.join(','), ...lines].join('\n')}\n`], false);
      assert.equal(Object.keys(read).length, width);
      names.forEach((name, column) => {
        const steps = Array.from({ length: height }, (_, row) => row).filter((row) => row % 3 !== column % 3);
        assert.deepEqual(read[name]!.steps, steps);
        assert.deepEqual(
          read[name]!.values,
          steps.map((row) => row + column / 1000),
        );
      });
    }
  });

  it('pass over the header wherever it stands again, and keep a first column of other texts', () => {
    const read = readAll(
      (state) => new CsvScan(state),
      [
        'name,step,loss\n',
        'run a,1,0.5\nname,step,loss\nnone,2,0.25\n"name",step,loss\n',
        'name,step,loss\nnamed,3,0.125\n',
      ],
      false,
    );
    assert.deepEqual(Object.keys(read), ['loss']);
    assert.deepEqual(read['loss']!.steps, [1, 2, 3]);
    assert.deepEqual(read['loss']!.values, [0.5, 0.25, 0.125]);
  });
});
