import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expandSweeps } from '../../../../src/domain/hydra/expand.ts';
import { pythonFloat } from '../../../../src/domain/hydra/numbers.ts';
import { parseHydraOverride } from '../../../../src/domain/hydra/parse.ts';
import { printHydraOverride, quoteText, textOverride } from '../../../../src/domain/hydra/print.ts';
import type { HydraElement, HydraOverride, HydraValue } from '../../../../src/domain/hydra/values.ts';
import { makeQuestions, stricter } from '../../../fixtures/hydra/generate.mjs';

/** What Hydra 1.3.5 said to each question; recorded by test/fixtures/hydra/record.mjs. */
const recorded: [question: string | string[], answer: { ok: boolean; [key: string]: unknown }][] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/hydra/overrides.json'), 'utf8'),
);

describe('override grammar', () => {
  const single = recorded.filter(([question]) => typeof question === 'string');
  it(`reads ${single.length} overrides as Hydra does`, () => {
    assert.ok(single.length > 400);
    for (const [question, answer] of single)
      assert.deepEqual(readAsRecorded(question as string), withoutError(answer), JSON.stringify(question));
  });

  it('is stricter than Hydra for overrides without a key and for sweeps inside of values', () => {
    for (const question of stricter) assert.equal(parseHydraOverride(question).ok, false, question);
  });

  it('prints what it read so that it reads the same again', () => {
    for (const question of makeQuestions(300, 99).flat()) {
      const parsed = parseHydraOverride(question);
      if (!parsed.ok) continue;
      assert.deepEqual(reread(parsed.override), parsed.override, question);
    }
  });

  it('carries any text unchanged: quotes, spaces, $(), line breaks, letters of any script', () => {
    const awkward = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$(rm -rf ~)',
      '`id`',
      '\n',
      '\r\n',
      '\t',
      ' ',
      ',',
      '=',
      '${x',
      '}',
      'ü',
      '列车',
      '🚂',
      ';',
      '#',
      '--',
      'null',
      '1e5',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(awkward, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (value) => {
        const parsed = parseHydraOverride(textOverride('run_name', value));
        assert.ok(parsed.ok);
        const read = parsed.override.value;
        assert.ok(read?.kind === 'string' || read?.kind === 'quoted');
        assert.equal(read.value, value);
        for (const quote of ["'", '"'] as const) {
          const quoted = parseHydraOverride(`k=${quoteText(value, quote)}`);
          assert.ok(quoted.ok);
          assert.deepEqual(quoted.override.value, { kind: 'quoted', value, quote });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reads every kind of value that it can print', () => {
    fc.assert(
      fc.property(overrideOf(elementArbitrary()), (override) => {
        assert.deepEqual(reread({ ...override }), { ...override });
      }),
      { numRuns: 500 },
    );
  });

  it('says where and why in a sentence', () => {
    for (const [text, at, words] of [
      ['model', 5, 'Write model=value'],
      ['lr=[0.1,0.2', 11, 'a "]" is missing'],
      ['name=a=b', 6, 'needs quotes'],
      ['name=grüße', 7, 'without quotes'],
      ["name='a", 5, 'is not closed'],
      ['lr=rang(1,3)', 3, 'There is no function rang'],
      ['lr=range(1,x)', 3, 'must be a number'],
    ] as const) {
      const parsed = parseHydraOverride(text);
      assert.ok(!parsed.ok);
      assert.equal(parsed.problem.at, at, text);
      assert.ok(parsed.problem.message.includes(words), parsed.problem.message);
    }
  });
});

describe('sweeps', () => {
  const sweeps = recorded.filter(([question]) => typeof question !== 'string');
  it(`expands ${sweeps.length} command lines as Hydra's own sweeper does`, () => {
    assert.ok(sweeps.length > 50);
    for (const [question, answer] of sweeps) {
      const expanded = expandSweeps(question as string[]);
      assert.equal(expanded.ok, answer.ok, JSON.stringify(question));
      if (expanded.ok) assert.deepEqual(expanded.value, answer['jobs'], JSON.stringify(question));
    }
  });

  it('takes options of a group by their names', () => {
    const groupOptions = (group: string) => (group === 'model' ? ['cnn', 'dit_b', 'dit_s', 'unet'] : []);
    const expanded = expandSweeps(['model=glob([dit_*,u*],exclude=*_b)'], { groupOptions });
    assert.deepEqual(expanded, { ok: true, value: [['model=dit_s'], ['model=unet']] });
  });

  it('refuses ranges and products that never end', () => {
    for (const words of [
      ['a=range(0,1,0)'],
      ['a=range(1000000)'],
      ['a=range(1000)', 'b=range(1000)', 'c=range(1000)'],
      ['a=interval(0,1)'],
      ['a=range(0,1,1e-300)'],
    ]) {
      assert.equal(expandSweeps(words).ok, false, words.join(' '));
    }
  });
});

it('floats are printed as Python prints them', () => {
  for (const [value, text] of [
    [0.001, '0.001'],
    [1e-5, '1e-05'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1e15, '1000000000000000.0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [-0, '-0.0'],
    [5e-324, '5e-324'],
    [-2.5, '-2.5'],
  ] as const)
    assert.equal(pythonFloat(value), text);
});

function readAsRecorded(text: string): unknown {
  const parsed = parseHydraOverride(text);
  if (!parsed.ok) return { ok: false };
  const { kind, key, package: name, value } = parsed.override;
  return {
    ok: true,
    kind,
    key,
    ...(name === undefined ? {} : { package: name }),
    ...(value === undefined ? {} : { value: plain(value) }),
  };
}

/** Numbers as Python's text, since JSON has neither large integers nor infinities. */
function plain(value: HydraValue): unknown {
  switch (value.kind) {
    case 'integer':
      return { ...value, value: String(value.value) };
    case 'float':
      return { ...value, value: pythonFloat(value.value) };
    case 'list':
      return { ...value, items: value.items.map(plain) };
    case 'dict':
      return { ...value, entries: value.entries.map((entry) => entry.map(plain)) };
    case 'choice': {
      const { isSimple: _, ...rest } = value;
      return { ...rest, values: value.values.map(plain) };
    }
    case 'range':
      return { ...value, start: plain(value.start), stop: plain(value.stop), step: plain(value.step) };
    case 'interval':
      return { ...value, start: plain(value.start), end: plain(value.end) };
    default:
      return value;
  }
}

function withoutError({ error: _, ...answer }: { ok: boolean; error?: unknown }): unknown {
  return answer;
}

function reread(override: HydraOverride): HydraOverride {
  const printed = printHydraOverride(override);
  const again = parseHydraOverride(printed);
  assert.ok(again.ok, printed);
  return again.override;
}

function elementArbitrary(): fc.Arbitrary<HydraElement> {
  const scalar = fc.oneof(
    fc.constant({ kind: 'null' } as const),
    fc.boolean().map((value) => ({ kind: 'boolean', value }) as const),
    fc.bigInt().map((value) => ({ kind: 'integer', value }) as const),
    fc.double().map((value) => ({ kind: 'float', value }) as const),
    fc
      .tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom('"' as const, "'" as const))
      .map(([value, quote]) => ({ kind: 'quoted', value, quote }) as const),
  );
  const key = fc
    .stringMatching(/^[a-z][a-z0-9_]{2,6}$/)
    .map((value) => ({ kind: 'string', value: `k${value}` }) as const);
  return fc.letrec<{ element: HydraElement }>((tie) => ({
    element: fc.oneof(
      { depthSize: 'small' },
      scalar,
      fc.array(tie('element'), { maxLength: 4 }).map((items) => ({ kind: 'list', items }) as const),
      fc
        .uniqueArray(fc.tuple(key, tie('element')), { maxLength: 4, selector: ([{ value }]) => value })
        .map((entries) => ({ kind: 'dict', entries }) as const),
    ),
  })).element;
}

function overrideOf(element: fc.Arbitrary<HydraElement>): fc.Arbitrary<HydraOverride> {
  const simple = { isSimple: true, shuffle: false, tags: [] };
  const value = fc.oneof(
    element,
    fc
      .array(element, { minLength: 2, maxLength: 4 })
      .map((values): HydraValue => ({ kind: 'choice', values, ...simple })),
  );
  return fc.record({
    kind: fc.constantFrom('change', 'add', 'force', 'delete'),
    key: fc.constantFrom('a', 'a.b_c.0', 'group/sub', '$x'),
    value,
  });
}
