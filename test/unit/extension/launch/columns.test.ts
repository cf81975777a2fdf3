import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigField } from '../../../../src/domain/config.ts';
import type { DataColumns } from '../../../../src/domain/dataColumns.ts';
import { namedData } from '../../../../src/extension/launch/formColumns.ts';
import type { OverrideForm } from '../../../../src/extension/launch/overrideForm.ts';
import { overrideRows, withOverride } from '../../../../src/extension/launch/overrides.ts';

const fields: readonly ConfigField[] = [
  { key: 'data', type: 'path', holds: 'table', default: null, required: true, description: 'Data set.' },
  { key: 'target', type: 'string', column: { of: 'data' }, default: 'target', description: 'What to predict.' },
  { key: 'features', type: 'string', column: { of: 'data', many: true }, default: '', description: 'From what.' },
  { key: 'steps', type: 'integer', default: 100, description: 'Steps.' },
];

const columnsOf = (...names: readonly string[]): DataColumns => ({
  columns: names.map((name, i) => ({ name, about: `${i}.5` })),
  source: 'iris.csv',
  isAll: true,
});
const iris = columnsOf('sepal_length', 'sepal_width', 'petal_length', 'species');

function formWith(data: DataColumns, ...overrides: readonly string[]): OverrideForm {
  return { fields, base: {}, overrides: ['data=iris.csv', ...overrides], columns: new Map([['iris.csv', data]]) };
}

/** What the rows ahead of the list of keys say. */
function seen(form: OverrideForm, typed: string): readonly string[] {
  return overrideRows(form, typed).flatMap((row): readonly string[] => {
    if (row.kind === 'field') return [];
    if (row.kind === 'set')
      return [`${row.column === undefined ? 'set' : 'column'} ${row.text} ${row.column?.about ?? ''}`.trim()];
    if (row.kind === 'give') return [`give ${row.field.key}: ${row.wrong ?? ''}`];
    if (row.kind === 'problem') return [`problem ${row.message}`];
    if (row.kind === 'further') return [`further ${row.count}`];
    return [row.kind];
  });
}

test('a target that the data do not have is asked for before one can go on', () => {
  const [row] = seen(formWith(iris), '');
  assert.equal(
    row,
    'give target: There is no "target" in iris.csv. There are: sepal_length, sepal_width, petal_length, species.',
  );
  assert.deepEqual(seen(formWith(iris, 'target=species'), ''), ['continue']);
  assert.deepEqual(seen({ ...formWith(iris), columns: new Map() }, ''), ['continue']);
});

test('columns are offered with what the data tell of them, those that begin as typed first', () => {
  assert.deepEqual(seen(formWith(iris), 'target='), [
    'column target=sepal_length 0.5',
    'column target=sepal_width 1.5',
    'column target=petal_length 2.5',
    'column target=species 3.5',
  ]);
  assert.deepEqual(seen(formWith(iris), 'target=P'), [
    'column target=petal_length 2.5',
    'column target=sepal_length 0.5',
    'column target=sepal_width 1.5',
    'column target=species 3.5',
  ]);
  assert.deepEqual(seen(formWith(iris), 'target=species'), ['set target=species']);
});

test('a wrong name is refused with the one that was probably meant, which can be taken', () => {
  assert.deepEqual(seen(formWith(iris), 'target=speceis'), [
    'problem There is no "speceis" in iris.csv. Did you mean species?',
    'column target=species 3.5',
  ]);
  assert.match(seen(formWith(iris), 'features=species,zzzzzzzzzzzz')[0]!, /^problem There is no "zzz/);
  assert.match(seen(formWith(iris), 'features=zzzzzzzzzzzz,species')[0]!, /^problem There is no "zzz/);
});

test('several columns are named one after the other, without the target and each once', () => {
  const form = formWith(iris, 'target=species');
  assert.deepEqual(seen(form, 'features='), [
    'column features=sepal_length 0.5',
    'column features=sepal_width 1.5',
    'column features=petal_length 2.5',
  ]);
  assert.deepEqual(seen(form, 'features=sepal_width,'), [
    'set features=sepal_width',
    'column features=sepal_width,sepal_length 0.5',
    'column features=sepal_width,petal_length 2.5',
  ]);
  assert.deepEqual(seen(form, 'features=sepal_width,petal_length'), ['set features=sepal_width,petal_length']);
});

test('names that would be read as something else are written in quotes, and stay what they are', () => {
  const odd = ['[x]', "'q'", 'null', '007', 'a=b', 'say "y"'];
  const form = formWith(columnsOf(...odd));
  const rows = overrideRows(form, 'target=').filter((row) => row.kind === 'set');
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['target="[x]"', `target="'q'"`, 'target="null"', 'target=007', 'target=a=b', 'target=say "y"'],
  );
  for (const { text } of rows) {
    const chosen = { ...form, overrides: withOverride(form.overrides, text) };
    assert.deepEqual(seen(chosen, ''), ['continue'], text);
  }
});

test('of tens of thousands of columns the first that fit are listed', () => {
  const form = formWith(columnsOf(...Array.from({ length: 30_000 }, (_, i) => `gene${i}`)));
  const rows = seen(form, 'target=gene');
  assert.deepEqual([rows.length, rows.at(-1)], [201, 'further 29800']);
  assert.deepEqual(seen(form, 'target=gene29999'), ['set target=gene29999']);
});

test('of data that do not tell all columns any name can be typed', () => {
  const some: DataColumns = { ...columnsOf('a', 'b'), isAll: false };
  assert.deepEqual(seen(formWith(some), ''), ['continue']);
  assert.deepEqual(seen(formWith(some), 'target=zz'), ['set target=zz']);
  assert.deepEqual(seen(formWith(some), 'target='), ['column target=a 0.5', 'column target=b 1.5']);
});

test('where columns are not known the key is a plain text, with the reason', () => {
  const none: DataColumns = { columns: [], source: '', isAll: false, why: 'There is no iris.csv.' };
  assert.deepEqual(seen(formWith(none), 'target='), [
    'problem Type text. The columns of the data are not known. There is no iris.csv.',
  ]);
  assert.deepEqual(seen(formWith(none), 'target=any'), ['set target=any']);
  assert.deepEqual(seen(formWith(none), ''), ['continue']);
});

test('columns are asked for of the data that are chosen at the moment', () => {
  const form: OverrideForm = { fields, base: { data: '/lab/a.csv' }, overrides: [] };
  const paths = (overrides: readonly string[]) => new Set(namedData({ ...form, overrides }).map(({ path }) => path));
  assert.deepEqual(paths([]), new Set(['/lab/a.csv']));
  assert.deepEqual(paths(['data=b.csv']), new Set(['b.csv']));
  assert.deepEqual(namedData({ ...form, base: {} }), []);
});
