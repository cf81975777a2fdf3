import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigField } from '../../../../src/domain/config.ts';
import type { OverrideForm } from '../../../../src/extension/launch/overrideForm.ts';
import {
  checkOverride,
  overrideRows,
  typedValue,
  withOverride,
  withoutOverride,
} from '../../../../src/extension/launch/overrides.ts';

const fields: readonly ConfigField[] = [
  { key: 'steps', type: 'integer', default: 100, min: 1, description: 'Optimizer steps.' },
  { key: 'network.kind', type: 'choice', choices: ['mlp', 'unet', 'dit'], default: 'dit', description: 'Network.' },
  { key: 'optimizer.learningRate', type: 'number', default: 0.001, min: 0, description: 'Peak rate.' },
  { key: 'data', type: 'path', default: null, required: true, description: 'Data set.' },
];
const form: OverrideForm = { fields, base: { steps: 500, network: { kind: 'dit' } }, overrides: ['steps=7'] };

/** Rows in short: what a person sees first. */
function seen(typed: string, given: OverrideForm = form): string[] {
  return overrideRows(given, typed).map((row) => {
    if (row.kind === 'continue') return `continue ${row.changed}`;
    if (row.kind === 'set') return `set ${row.text}`;
    if (row.kind === 'problem') return `problem ${row.message}`;
    if (row.kind === 'give') return `give ${row.field.key}`;
    if (row.kind === 'browse') return `browse ${row.wanted}`;
    if (row.kind === 'further') return `further ${row.count}`;
    return `${row.field.key}=${typedValue(row.value)}${row.overridden ? ' changed' : ''}`;
  });
}

test('an empty field offers to go on; changed keys come first, then required ones, with their present values', () => {
  assert.deepEqual(seen('', { ...form, overrides: ['steps=7', 'data=digits'] }), [
    'continue 2',
    'data=digits changed',
    'steps=7 changed',
    'network.kind=dit',
    'optimizer.learningRate=0.001',
  ]);
});

test('what must be given is asked for before one can go on, wherever it may come from', () => {
  assert.equal(seen('')[0], 'give data');
  assert.equal(seen('', { ...form, base: { data: 'digits' } })[0], 'continue 1');
  assert.equal(seen('', { ...form, overrides: ['data=digits'] })[0], 'continue 1');
});

test('a path is chosen from what was found, typed, or asked for in a dialog', () => {
  const places = new Map([
    [
      'data',
      [
        { path: 'digits', isFolder: true, what: 'images as IDX files' },
        { path: 'more/digits', isFolder: true, what: '3 classes of images' },
        { path: 'shapes', isFolder: true, what: '2 classes of images' },
      ],
    ],
  ]);
  const given = { ...form, places };
  const first = (typed: string, count: number) => seen(typed, given).slice(0, count);
  assert.deepEqual(first('data=', 5), [
    'set data=digits',
    'set data=more/digits',
    'set data=shapes',
    'browse folder',
    'browse file',
  ]);
  assert.deepEqual(first('data=dig', 4), ['set data=digits', 'set data=more/digits', 'set data=dig', 'browse folder']);
  assert.deepEqual(first('data=digits', 2), ['set data=more/digits', 'set data=digits']);
  assert.deepEqual(first('data=/else/where', 2), ['set data=/else/where', 'browse folder']);
});

test('values show the file’s value before the default', () => {
  assert.ok(seen('', { ...form, overrides: [] }).includes('steps=500'));
});

test('a valid value can be set', () => {
  assert.equal(seen('optimizer.learningRate = 2e-3')[0], 'set optimizer.learningRate=2e-3');
});

test('wrong values, wrong keys and half a text say what would be right', () => {
  assert.match(seen('steps=1.5')[0] ?? '', /^problem steps must be a whole number of at least 1, not 1\.5\.$/);
  assert.match(seen('step=5')[0] ?? '', /Did you mean steps\?/);
  assert.match(seen('optimizer.learningRate=')[0] ?? '', /^problem Type a number of at least 0\.$/);
  assert.match(seen('=5')[0] ?? '', /^problem/);
});

test('name and device are asked for elsewhere', () => {
  const device: ConfigField = { key: 'device', type: 'string', default: 'auto', description: 'Device.' };
  const given = { ...form, fields: [...fields, device] };
  assert.ok(!seen('', given).some((row) => row.startsWith('device')));
  assert.match(seen('device=cpu', given)[0] ?? '', /^problem The device is asked for in the next step/);
});

test('choices are offered while they are typed', () => {
  assert.deepEqual(seen('network.kind=').slice(0, 3), [
    'set network.kind=mlp',
    'set network.kind=unet',
    'set network.kind=dit',
  ]);
  assert.equal(seen('network.kind=u')[0], 'set network.kind=unet');
  assert.equal(seen('network.kind=unet')[0], 'set network.kind=unet');
  assert.match(seen('network.kind=cnn')[0] ?? '', /one of mlp, unet, dit/);
});

test('a key is overridden once, and can be taken back', () => {
  assert.deepEqual(withOverride(['a=1', 'b=2'], 'a=3'), ['b=2', 'a=3']);
  assert.deepEqual(withoutOverride(['a=1', 'b=2'], 'a'), ['b=2']);
});

test('checking gives the field, or the sentence for the person', () => {
  assert.deepEqual(checkOverride(fields, 'steps=10'), { field: fields[0] });
  assert.ok('message' in checkOverride(fields, 'nothing'));
});
