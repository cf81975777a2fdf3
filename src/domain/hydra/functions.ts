import { fail, ok, type Result } from '../../base/result.ts';
import { castValue } from './casts.ts';
import type { HydraElement, HydraNumber, HydraSweep, HydraValue } from './values.ts';
import { isSweep } from './values.ts';

type Outcome = Result<HydraValue, 'bad-call'>;

interface Call {
  readonly name: string;
  readonly positional: readonly HydraValue[];
  readonly named: ReadonlyMap<string, HydraValue>;
}

/** Functions of Hydra's override grammar (hydra/_internal/grammar/grammar_functions.py): names that may come with `name=`, and what they give. */
const functions = {
  choice: { names: [], evaluate: choice },
  range: { names: ['start', 'stop', 'step'], evaluate: range },
  interval: { names: ['start', 'end'], evaluate: interval },
  glob: { names: ['include', 'exclude'], evaluate: glob },
  tag: { names: ['sweep'], evaluate: tag },
  sort: { names: ['sweep', 'list', 'reverse'], evaluate: sort },
  shuffle: { names: ['sweep', 'list'], evaluate: shuffle },
  int: { names: ['value'], evaluate: (call: Call) => cast('int', call) },
  float: { names: ['value'], evaluate: (call: Call) => cast('float', call) },
  str: { names: ['value'], evaluate: (call: Call) => cast('str', call) },
  bool: { names: ['value'], evaluate: (call: Call) => cast('bool', call) },
} as const satisfies { [name: string]: { names: readonly string[]; evaluate: (call: Call) => Outcome } };

type FunctionName = keyof typeof functions;

export const knownFunctions = Object.keys(functions) as readonly FunctionName[];

export function isKnownFunction(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

/** What a function gives for its arguments, or a sentence why it cannot. Quoted text loses its quotes on the way in, as in Hydra. */
export function evaluateFunction(
  name: FunctionName,
  positional: readonly HydraValue[],
  named: ReadonlyMap<string, HydraValue>,
): Outcome {
  const { names, evaluate } = functions[name];
  const known: readonly string[] = names;
  const stranger = [...named.keys()].find((key) => !known.includes(key));
  if (stranger !== undefined)
    return fail(
      'bad-call',
      `${name}(…) has no argument ${stranger}.${known.length === 0 ? '' : ` It knows ${known.join(', ')}.`}`,
    );
  return evaluate({
    name,
    positional: positional.map(plain),
    named: new Map([...named].map(([key, value]) => [key, plain(value)])),
  });
}

function plain(value: HydraValue): HydraValue {
  return value.kind === 'quoted' ? { kind: 'string', value: value.value } : value;
}

function choice({ positional }: Call): Outcome {
  const [first] = positional;
  if (first === undefined) return fail('bad-call', 'choice() needs at least one value: choice(a,b).');
  if (positional.length === 1 && first.kind === 'choice' && first.isSimple) return ok({ ...first, isSimple: false });
  const values = elements(positional);
  if (values === undefined) return fail('bad-call', 'choice(…) cannot hold another sweep.');
  if (values.some(({ kind }) => kind === 'null'))
    return fail('bad-call', 'choice(…) cannot hold null. Write the values with commas alone: a,null.');
  return ok({ kind: 'choice', values, isSimple: false, shuffle: false, tags: [] });
}

function range(call: Call): Outcome {
  const bound = bindNumbers(call, ['start', 'stop', 'step'], 1);
  if (!bound.ok) return bound;
  const [first, second, step] = bound.value;
  const zero: HydraNumber = { kind: 'integer', value: 0n };
  const [start, stop] = second === undefined ? [zero, first!] : [first!, second];
  return ok({
    kind: 'range',
    start,
    stop,
    step: step ?? { kind: 'integer', value: 1n },
    shuffle: false,
    tags: [],
  });
}

function interval(call: Call): Outcome {
  const bound = bindNumbers(call, ['start', 'end'], 2);
  if (!bound.ok) return bound;
  const [start, end] = bound.value.map((number) => ({ kind: 'float', value: Number(number!.value) }) as const);
  return ok({ kind: 'interval', start: start!, end: end!, tags: [] });
}

function bindNumbers(
  { name, positional, named }: Call,
  names: readonly string[],
  needed: number,
): Result<readonly (HydraNumber | undefined)[], 'bad-call'> {
  const form = `${name}(${names.join(', ')})`;
  if (positional.length > names.length) return fail('bad-call', `${form} takes at most ${names.length} values.`);
  const values: (HydraNumber | undefined)[] = [];
  for (const [index, parameter] of names.entries()) {
    if (index < positional.length && named.has(parameter))
      return fail('bad-call', `${name}(…) was given ${parameter} twice.`);
    const value = positional[index] ?? named.get(parameter);
    if (value === undefined && index < needed) return fail('bad-call', `${form} needs ${parameter}.`);
    if (value !== undefined && value.kind !== 'integer' && value.kind !== 'float')
      return fail('bad-call', `${parameter} of ${name}(…) must be a number.`);
    values.push(value);
  }
  return ok(values);
}

function glob({ positional, named }: Call): Outcome {
  if (positional.length > 2)
    return fail('bad-call', 'glob(include, exclude) takes at most two values; lists are written [a*,b*].');
  const include = patterns(positional[0] ?? named.get('include'));
  const excluded = positional[1] ?? named.get('exclude');
  const exclude = excluded === undefined ? [] : patterns(excluded);
  if (include === undefined || exclude === undefined)
    return fail('bad-call', 'glob(…) needs a pattern or a list of patterns: glob(*) or glob([a*,b*],exclude=c*).');
  return ok({ kind: 'glob', include, exclude });
}

function patterns(value: HydraValue | undefined): readonly string[] | undefined {
  if (value?.kind === 'string') return [value.value];
  if (value?.kind !== 'list') return undefined;
  const texts = value.items.map((item) => (item.kind === 'string' || item.kind === 'quoted' ? item.value : undefined));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function tag({ positional, named }: Call): Outcome {
  const all = named.has('sweep') ? [...positional, named.get('sweep')!] : positional;
  const sweep = all.at(-1);
  if (positional.length === 0 || sweep === undefined || !isSweep(sweep) || sweep.kind === 'glob')
    return fail('bad-call', 'tag(…) needs tags and then a choice(), range() or interval(): tag(a,b,choice(1,2)).');
  const tags = all.slice(0, -1).map((item) => (item.kind === 'string' ? item.value : undefined));
  if (!tags.every((item) => item !== undefined)) return fail('bad-call', 'Tags must be words.');
  const tagged = { ...sweep, tags: [...new Set(tags)].sort() };
  // `a,b` in its short form takes no tags, so that it can be printed again.
  return ok(tagged.kind === 'choice' ? { ...tagged, isSimple: false } : tagged);
}

function sort({ positional, named }: Call): Outcome {
  const reversed = named.get('reverse');
  if (reversed !== undefined && reversed.kind !== 'boolean')
    return fail('bad-call', 'reverse of sort(…) must be true or false.');
  const reverse = reversed?.value ?? false;
  const given = named.get('list') ?? named.get('sweep');
  const all = given === undefined ? positional : [given];
  const [first] = all;
  if (first === undefined) return fail('bad-call', 'sort() needs values: sort(3,1,2).');
  if (all.length > 1) {
    const values = elements(all);
    return sortValues(values, reverse, (sorted) => simpleChoice(sorted));
  }
  if (first.kind === 'choice') return sortValues(first.values, reverse, (values) => ({ ...first, values }));
  if (first.kind === 'range') return ok(sortRange(first, reverse));
  if (first.kind === 'list') return sortValues(first.items, reverse, (items) => ({ kind: 'list', items }));
  if (isSweep(first)) return fail('bad-call', `sort(…) cannot sort ${first.kind}(…).`);
  return ok(first);
}

function sortValues(
  values: readonly HydraElement[] | undefined,
  reverse: boolean,
  wrap: (values: readonly HydraElement[]) => HydraValue,
): Outcome {
  const mixed = fail('bad-call', 'sort(…) can only compare numbers with numbers and words with words.');
  if (values === undefined) return mixed;
  const keys = values.map(sortKey);
  const isText = keys.every((key) => typeof key === 'string');
  if (!isText && !keys.every((key) => typeof key === 'number')) return mixed;
  // Equal items keep their order also when reversed, as with Python's sorted().
  const direction = reverse ? -1 : 1;
  const order = values.map((_, index) => index);
  order.sort((a, b) => (keys[a]! < keys[b]! ? -direction : keys[a]! > keys[b]! ? direction : 0));
  return ok(wrap(order.map((index) => values[index]!)));
}

function sortKey(value: HydraElement): number | string | undefined {
  if (value.kind === 'string') return value.value;
  if (value.kind === 'integer' || value.kind === 'float' || value.kind === 'boolean') return Number(value.value);
  return undefined;
}

/** The same numbers in the wanted direction, by Hydra's own arithmetic. */
function sortRange(sweep: Extract<HydraSweep, { kind: 'range' }>, reverse: boolean): HydraSweep {
  const descends = Number(sweep.start.value) > Number(sweep.stop.value);
  const ascends = Number(sweep.start.value) < Number(sweep.stop.value);
  const size = absolute(sweep.step);
  const turned = (change: (a: HydraNumber, b: HydraNumber) => HydraNumber): HydraSweep => ({
    ...sweep,
    start: change(sweep.stop, size),
    stop: change(sweep.start, size),
    step: subtract({ kind: 'integer', value: 0n }, sweep.step),
  });
  if (!reverse && descends) return turned((a, b) => subtract(a, negative(b)));
  if (reverse && ascends) return turned(subtract);
  return sweep;
}

function subtract(a: HydraNumber, b: HydraNumber): HydraNumber {
  if (a.kind === 'integer' && b.kind === 'integer') return { kind: 'integer', value: a.value - b.value };
  return { kind: 'float', value: Number(a.value) - Number(b.value) };
}

function negative(number: HydraNumber): HydraNumber {
  return number.kind === 'integer'
    ? { kind: 'integer', value: -number.value }
    : { kind: 'float', value: -number.value };
}

function absolute(number: HydraNumber): HydraNumber {
  return number.value < 0 ? negative(number) : number;
}

function shuffle({ positional, named }: Call): Outcome {
  const given = named.get('list') ?? named.get('sweep');
  const all = given === undefined ? positional : [given];
  const [first] = all;
  if (all.length === 1 && first !== undefined) {
    if (first.kind === 'choice' || first.kind === 'range') return ok({ ...first, shuffle: true });
    if (isSweep(first)) return fail('bad-call', `shuffle(…) cannot shuffle ${first.kind}(…).`);
    // Hydra draws the order of a list when it starts; here the list stays as it was written.
    return ok(first.kind === 'list' ? first : { kind: 'list', items: [first] });
  }
  const values = elements(all);
  if (values === undefined) return fail('bad-call', 'shuffle(…) takes one sweep, or values.');
  return ok({ ...simpleChoice(values), shuffle: true });
}

function cast(to: 'int' | 'float' | 'str' | 'bool', { positional, named }: Call): Outcome {
  const given = named.get('value');
  if (given !== undefined && positional.length > 0)
    return fail('bad-call', `${to}(…) takes values or value=, not both.`);
  const all = given === undefined ? positional : [given];
  if (all.length === 0) return fail('bad-call', `${to}() needs a value.`);
  if (all.length === 1) return castValue(to, all[0]!);
  const values = elements(all);
  if (values === undefined) return fail('bad-call', `${to}(…) takes one sweep, or values.`);
  return castValue(to, simpleChoice(values));
}

function simpleChoice(values: readonly HydraElement[]): Extract<HydraSweep, { kind: 'choice' }> {
  return { kind: 'choice', values, isSimple: true, shuffle: false, tags: [] };
}

function elements(values: readonly HydraValue[]): readonly HydraElement[] | undefined {
  return values.some(isSweep) ? undefined : (values as readonly HydraElement[]);
}
