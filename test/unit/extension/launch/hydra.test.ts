import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HydraForm } from '../../../../src/domain/entryPoint.ts';
import { parseHydraOverride } from '../../../../src/domain/hydra/parse.ts';
import { elementToJson } from '../../../../src/domain/hydra/toJson.ts';
import { isSweep } from '../../../../src/domain/hydra/values.ts';
import type { Json } from '../../../../src/domain/json.ts';
import { parseHydra } from '../../../../src/extension/launch/hydraGrammar.ts';
import {
  checkHydraOverride,
  groupOverride,
  hydraRows,
  overrideKey,
  stillMissing,
  typedHydraValue,
  withHydraOverride,
} from '../../../../src/extension/launch/hydraRows.ts';
import { gridSize, splitSweep, sweepRequest } from '../../../../src/extension/launch/sweepPlan.ts';

const form: HydraForm = {
  groups: [
    { name: 'model', options: ['unet', 'dit_s'], chosen: 'unet' },
    { name: 'debug', options: ['default', 'overfit'] },
  ],
  keys: [
    { key: 'data.batch_size', value: 64, missing: false, comment: 'per GPU' },
    { key: 'optimizer.lr', value: 0.001, missing: false },
    { key: 'run_name', value: '???', missing: true },
  ],
  composition: { config: {}, yaml: '', missing: ['run_name'], by: 'estimate', remarks: [], problems: [] },
};
/** The value that the grammar reads behind `key=`. */
function toJson(text: string): Json {
  const parsed = parseHydraOverride(text);
  assert.ok(parsed.ok && parsed.override.value !== undefined && !isSweep(parsed.override.value), text);
  return elementToJson(parsed.override.value);
}

const check = (text: string) => checkHydraOverride(form, parseHydra, text);

test('keys of the configuration are changed, others added, with the word that says how', () => {
  assert.deepEqual(check('data.batch_size=32'), { note: 'now 64' });
  assert.deepEqual(check('run_name=a'), { note: 'has no value yet' });
  assert.deepEqual(check('model=dit_s'), { note: 'now unet' });
  assert.deepEqual(check('+debug=overfit'), { note: '' });
  assert.deepEqual(check('+trainer.devices=4'), { note: '' });
  assert.deepEqual(check('++optimizer.lr=1'), { note: 'now 0.001' });
  assert.deepEqual(check('~optimizer'), { note: '' });
  assert.deepEqual(check('hydra.job.chdir=true'), { note: '' });
});

test('what cannot be is said with what was probably meant', () => {
  const message = (text: string): string => {
    const answer = check(text);
    assert.ok('message' in answer, text);
    return answer.message;
  };
  assert.match(message('data.batchsize=32'), /no key data\.batchsize\. Did you mean data\.batch_size\?/);
  assert.match(message('trainer.devices=4'), /\+trainer\.devices=/);
  assert.match(message('+optimizer.lr=1'), /is there already/);
  assert.match(message('optimizer.lr=[1,2'), /./);
  assert.match(message('--multirun'), /key=a,b/);
});

test('sweeps are seen in the values', () => {
  assert.match((check('optimizer.lr=0.1,0.01') as { note: string }).note, /a sweep of 2: 0\.1, 0\.01/);
  assert.match((check('optimizer.lr=range(1,4)') as { note: string }).note, /a sweep of 3: 1, 2, 3/);
  assert.match((check('optimizer.lr=interval(0,1)') as { note: string }).note, /searched between 0 and 1/);
  assert.match((check('optimizer.lr=[0.1,0.01]') as { note: string }).note, /^now 0\.001$/);
});

test('rows begin with what Enter would do', () => {
  const rows = (typed: string, overrides: readonly string[] = []) =>
    hydraRows({ form, overrides, parse: parseHydra }, typed);
  assert.deepEqual(rows('')[0], { kind: 'continue', changed: 0, sweeps: 0, missing: 1 });
  assert.deepEqual(rows('', ['run_name=a', 'model=unet,dit_s'])[0], {
    kind: 'continue',
    changed: 2,
    sweeps: 1,
    missing: 0,
  });
  assert.deepEqual(rows('batch')[0], { kind: 'key', key: form.keys[2] });
  assert.equal(rows('data.batch_size=32')[0]?.kind, 'set');
  assert.equal(rows('data.batch=32')[0]?.kind, 'problem');
  assert.deepEqual(rows('', ['model=dit_s'])[1], { kind: 'given', text: 'model=dit_s', isSweep: false });
});

test('a line copied from a shell gives all its overrides, without the flag for sweeps', () => {
  const [row] = hydraRows({ form, overrides: [], parse: parseHydra }, '-m data.batch_size=32,64 "run_name=my run"');
  assert.deepEqual(row, { kind: 'set', texts: ['data.batch_size=32,64', 'run_name=my run'], note: '2 overrides' });
  const [wrong] = hydraRows({ form, overrides: [], parse: parseHydra }, 'data.batch_size=32 nope=1');
  assert.equal(wrong?.kind, 'problem');
});

test('one override stands for each key', () => {
  assert.deepEqual(withHydraOverride(['a=1', '+b=2'], '++b=3'), ['a=1', '++b=3']);
  assert.equal(overrideKey('++a.b=c=d'), 'a.b');
  assert.deepEqual(stillMissing(form, ['run_name=x']), []);
  assert.equal(groupOverride(form.groups[1]!, 'overfit'), '+debug=overfit');
  assert.equal(groupOverride(form.groups[0]!, 'dit_s'), 'model=dit_s');
});

test('a value is offered so that the grammar reads the same value', () => {
  const values = [
    'plain',
    'a b',
    "it's",
    'a,b',
    '',
    ' x ',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an interpolation of OmegaConf, not of this language.
    '${a.b}',
    '(1)',
    'k:v',
    'C:\\x',
    'x=1',
    true,
    null,
    3,
    0.5,
    [1, 'a,b'],
    { a: [1] },
  ];
  for (const value of values) {
    assert.deepEqual(toJson(`k=${typedHydraValue(value as Json)}`), value, JSON.stringify(value));
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(toJson(`k=${typedHydraValue(text)}`), text);
    }),
  );
});

test('sweeping overrides become axes that keep their sign, the others stay', () => {
  const { common, axes } = splitSweep(['a=1', '+b=1,2', 'lr=range(1,4)', '--flag', 'x=interval(0.1,1)'], parseHydra);
  assert.deepEqual(common, ['a=1', '--flag']);
  assert.deepEqual(axes, [
    { key: '+b', values: ['1', '2'] },
    { key: 'lr', values: ['1', '2', '3'] },
    { key: 'x', low: 0.1, high: 1 },
  ]);
  assert.equal(gridSize(axes.slice(0, 2)), 6);
  assert.equal(gridSize(axes), undefined);
});

test('the request of a sweep keeps its name for itself', () => {
  const launch = {
    requestId: 'l',
    folder: '/lab',
    entry: 'e',
    arguments: [],
    target: { name: 'local' },
    name: 'sweep-1',
    hold: true,
  };
  const request = sweepRequest(launch, [], { search: 'grid', concurrency: 2 }, 's');
  assert.equal(request.name, 'sweep-1');
  assert.equal('name' in request.launch, false);
  assert.equal('hold' in request.launch, false);
  assert.equal(request.concurrency, 2);
});
