import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ConfigField,
  checkValue,
  flatten,
  isProblem,
  nearestName,
  parseOverride,
  resolveConfig,
  unflatten,
  valueAt,
} from '../../../src/domain/config.ts';
import type { Json } from '../../../src/domain/json.ts';

const fields: readonly ConfigField[] = [
  { key: 'steps', type: 'integer', default: 100, min: 1, description: 'Optimizer steps.' },
  { key: 'optimizer.learningRate', type: 'number', default: 1e-3, min: 0, max: 1, description: 'Peak learning rate.' },
  { key: 'network', type: 'choice', default: 'mlp', choices: ['mlp', 'dit'], description: 'Network.' },
  { key: 'widths', type: 'numbers', default: [16, 32], description: 'Widths of the levels.' },
  { key: 'data', type: 'path', default: null, required: true, description: 'Folder of the data set.' },
  { key: 'judge', type: 'path', default: null, description: 'Model that judges samples.' },
];

test('values of an override are read as a person means them', () => {
  const cases: readonly [string, Json][] = [
    ['steps=20', 20],
    ['optimizer.learningRate=3e-4', 3e-4],
    ['a=-.5', -0.5],
    ['a=true', true],
    ['a=null', null],
    ['a=', ''],
    ['a=plain text', 'plain text'],
    ["a='20'", '20'],
    ['a="with = sign"', 'with = sign'],
    ['a=[1, 2.5]', [1, 2.5]],
    ['a=[]', []],
    ['a=b=c', 'b=c'],
    ['a=$(rm -rf x)', '$(rm -rf x)'],
  ];
  for (const [text, expected] of cases) {
    const parsed = parseOverride(text);
    assert.ok(!isProblem(parsed), text);
    assert.deepEqual(parsed.value, expected, text);
  }
});

test('what is no override says how to write one', () => {
  for (const text of ['', 'steps', '=3', 'a b=3', 'a..b=1', '1a=2']) {
    const parsed = parseOverride(text);
    assert.ok(isProblem(parsed), text);
    assert.match(parsed.message, /key=value|Keys are names/);
  }
});

test('a configuration is defaults, then the tree, then overrides', () => {
  const { config, problems } = resolveConfig(fields, { data: '/d', steps: 7, optimizer: { learningRate: 0.1 } }, [
    { key: 'steps', value: 9 },
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(config, {
    steps: 9,
    optimizer: { learningRate: 0.1 },
    network: 'mlp',
    widths: [16, 32],
    data: '/d',
    judge: null,
  });
});

test('every problem is named at once, unknown keys with the nearest known one', () => {
  const { problems } = resolveConfig(fields, {
    step: 3,
    network: 'unet',
    optimizer: { learningRate: 2 },
    widths: [1, 'x'],
  });
  const messages = Object.fromEntries(problems.map(({ key, message }) => [key, message]));
  assert.match(messages['step']!, /Did you mean steps\?/);
  assert.match(messages['network']!, /one of mlp, dit, not "unet"/);
  assert.match(messages['optimizer.learningRate']!, /between 0 and 1, not 2/);
  assert.match(messages['widths']!, /a list of numbers/);
  assert.match(messages['data']!, /must be given/);
  assert.equal(problems.length, 5);
});

test('whole numbers are whole, booleans are no text', () => {
  assert.match(checkValue(fields[0]!, 1.5)!, /whole number/);
  assert.match(checkValue(fields[0]!, '3')!, /whole number of at least 1, not "3"/);
  assert.equal(checkValue(fields[0]!, 3), undefined);
  assert.equal(checkValue(fields[5]!, null), undefined);
});

test('what looks like a number is text where the key holds text', () => {
  const named: readonly ConfigField[] = [
    ...fields,
    { key: 'target', type: 'string', default: 'target', description: 'Column.' },
  ];
  const parsed = parseOverride('target=007');
  assert.ok(!isProblem(parsed));
  const { config, problems } = resolveConfig(named, { data: 2026 }, [parsed]);
  assert.deepEqual(problems, []);
  assert.equal(valueAt(config, 'target'), '007');
  assert.equal(valueAt(config, 'data'), '2026');
});

test('short forms of keys are understood in suggestions', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['lr', 'optimizer.learningRate'],
    ['optimizer.lr', 'optimizer.learningRate'],
    ['optimizer.learning_rate', 'optimizer.learningRate'],
    ['learningRate', 'optimizer.learningRate'],
    ['Steps', 'steps'],
    ['stepss', 'steps'],
  ];
  const known = fields.map(({ key }) => key);
  for (const [typed, meant] of cases) assert.equal(nearestName(typed, known), meant, typed);
  assert.equal(nearestName('entirely-else', known), undefined);
  assert.equal(nearestName('kind', ['network.kind', 'optimizer.kind']), undefined, 'it may mean either');
});

test('flatten and unflatten are inverse', () => {
  const key = fc.stringMatching(/^[a-z]{1,5}$/);
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer()));
  const tree = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1 })));
  fc.assert(
    fc.property(tree, (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      assert.deepEqual(JSON.parse(JSON.stringify(unflatten(flatten(plain)))), plain);
    }),
  );
  assert.equal(valueAt({ a: { b: 3 } }, 'a.b'), 3);
  assert.equal(valueAt({ a: { b: 3 } }, 'a.c.d'), undefined);
});
