import { fail, ok, type Result } from '../../base/result.ts';
import { pythonFloat } from './numbers.ts';
import type { HydraElement, HydraEntry, HydraNumber, HydraScalar, HydraValue } from './values.ts';

export type CastName = 'int' | 'float' | 'str' | 'bool';
type Outcome<T> = Result<T, 'bad-call'>;

/** What Hydra's `int(…)`, `float(…)`, `str(…)` and `bool(…)` make of a value; of lists, dictionaries and sweeps they change every part. */
export function castValue(to: CastName, value: HydraValue): Outcome<HydraValue> {
  switch (value.kind) {
    case 'choice': {
      const values = castAll(to, value.values);
      return values.ok ? ok({ ...value, values: values.value, shuffle: false, tags: [] }) : values;
    }
    case 'range':
    case 'interval':
      return castEnds(to, value);
    case 'glob':
      return fail('bad-call', `${to}(…) cannot change glob(…).`);
    default:
      return castElement(to, value);
  }
}

function castElement(to: CastName, value: HydraElement): Outcome<HydraElement> {
  if (value.kind === 'list') {
    const items = castAll(to, value.items);
    return items.ok ? ok({ kind: 'list', items: items.value }) : items;
  }
  if (value.kind === 'dict') {
    const values = castAll(
      to,
      value.entries.map(([, item]) => item),
    );
    if (!values.ok) return values;
    return ok({
      kind: 'dict',
      entries: value.entries.map(([key], index): HydraEntry => [key, values.value[index]!]),
    });
  }
  return casts[to](value);
}

function castAll(to: CastName, values: readonly HydraElement[]): Outcome<readonly HydraElement[]> {
  const done: HydraElement[] = [];
  for (const value of values) {
    const result = castElement(to, value);
    if (!result.ok) return result;
    done.push(result.value);
  }
  return ok(done);
}

function castEnds(to: CastName, sweep: Extract<HydraValue, { kind: 'range' | 'interval' }>): Outcome<HydraValue> {
  if (to !== 'int' && to !== 'float') return fail('bad-call', `${sweep.kind}(…) can only become int or float.`);
  const cast = (number: HydraNumber): HydraNumber => {
    const result = casts[to](number);
    return result.ok ? (result.value as HydraNumber) : number;
  };
  if (sweep.kind === 'interval') return ok({ ...sweep, start: cast(sweep.start), end: cast(sweep.end) });
  return ok({
    ...sweep,
    start: cast(sweep.start),
    stop: cast(sweep.stop),
    step: cast(sweep.step),
    shuffle: false,
    tags: [],
  });
}

const casts = { int: toInteger, float: toFloat, str: toText, bool: toBoolean } as const satisfies {
  [K in CastName]: (value: HydraScalar) => Outcome<HydraScalar>;
};

function toInteger(value: HydraScalar): Outcome<HydraScalar> {
  if (value.kind === 'integer') return ok(value);
  if (value.kind === 'boolean') return ok({ kind: 'integer', value: value.value ? 1n : 0n });
  if (value.kind === 'float' && Number.isFinite(value.value))
    return ok({ kind: 'integer', value: BigInt(Math.trunc(value.value)) });
  const text = textOf(value)?.trim();
  if (text !== undefined && /^[+-]?\d+(?:_\d+)*$/.test(text)) {
    const magnitude = BigInt(text.replace(/^[+-]/, '').replaceAll('_', ''));
    return ok({ kind: 'integer', value: text.startsWith('-') ? -magnitude : magnitude });
  }
  return refuse('int', value);
}

function toFloat(value: HydraScalar): Outcome<HydraScalar> {
  if (value.kind === 'float') return ok(value);
  if (value.kind === 'integer' || value.kind === 'boolean') return ok({ kind: 'float', value: Number(value.value) });
  const text = textOf(value)?.trim().replaceAll('_', '');
  if (text !== undefined && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text))
    return ok({ kind: 'float', value: Number(text) });
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text ?? '');
  if (word === null) return refuse('float', value);
  if (word[2]!.toLowerCase() === 'nan') return ok({ kind: 'float', value: Number.NaN });
  return ok({ kind: 'float', value: word[1] === '-' ? -Infinity : Infinity });
}

function toText(value: HydraScalar): Outcome<HydraScalar> {
  if (value.kind === 'null') return refuse('str', value);
  if (value.kind === 'float') return ok({ kind: 'string', value: pythonFloat(value.value) });
  return ok({ kind: 'string', value: String(value.value) });
}

function toBoolean(value: HydraScalar): Outcome<HydraScalar> {
  if (value.kind === 'boolean') return ok(value);
  if (value.kind === 'integer') return ok({ kind: 'boolean', value: value.value !== 0n });
  if (value.kind === 'float') return ok({ kind: 'boolean', value: value.value !== 0 });
  const text = textOf(value)?.toLowerCase();
  return text === 'true' || text === 'false' ? ok({ kind: 'boolean', value: text === 'true' }) : refuse('bool', value);
}

function textOf(value: HydraScalar): string | undefined {
  return value.kind === 'string' || value.kind === 'quoted' ? value.value : undefined;
}

function refuse(to: CastName, value: HydraScalar): Outcome<never> {
  return fail('bad-call', `${to}(…) cannot read "${value.kind === 'null' ? 'null' : String(value.value)}".`);
}
