import type { OpName } from '../attributes.ts';
import { add, div, equal, greater, less, mul, pow, sub, where } from '../build/binary.ts';
import { unbroadcast } from '../build/reduction.ts';
import { log, neg } from '../build/unary.ts';
import { isFloating } from '../dtype.ts';
import type { OpDefinition, OpTable, Value } from '../ir.ts';
import { broadcastShapes, refuse } from '../shape.ts';
import { addTangents, broadcastType, needFloating, sameDType, stretch } from './helpers.ts';

type BinaryOp =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Pow'
  | 'Max'
  | 'Min'
  | 'Mod'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual'
  | 'Equal'
  | 'And'
  | 'Or'
  | 'Where';

/** z = f(x, y) entry by entry, with broadcasting: cotangents are summed back to the shape of their input by `unbroadcast`. */
export const binaryOps: OpTable<BinaryOp> = {
  Add: {
    infer: ([a, b]) => [broadcastType('add', a!, b!)],
    vjp: ({ inputs: [a, b] }, [dy], needs) => [
      needs[0] ? unbroadcast(dy!, a!.shape) : null,
      needs[1] ? unbroadcast(dy!, b!.shape) : null,
    ],
    jvp: ({ outputs: [y] }, [da, db]) => [stretch(addTangents(da!, db!), y!.shape)],
  },
  Sub: {
    infer: ([a, b]) => [broadcastType('sub', a!, b!)],
    vjp: ({ inputs: [a, b] }, [dy], needs) => [
      needs[0] ? unbroadcast(dy!, a!.shape) : null,
      needs[1] ? neg(unbroadcast(dy!, b!.shape)) : null,
    ],
    jvp: ({ outputs: [y] }, [da, db]) => {
      if (da && db) return [stretch(sub(da, db), y!.shape)];
      return [stretch(da ?? (db ? neg(db) : null), y!.shape)];
    },
  },
  // d(ab) = b·da + a·db
  Mul: {
    infer: ([a, b]) => [broadcastType('mul', a!, b!)],
    vjp: ({ inputs: [a, b] }, [dy], needs) => [
      needs[0] ? unbroadcast(mul(dy!, b!), a!.shape) : null,
      needs[1] ? unbroadcast(mul(dy!, a!), b!.shape) : null,
    ],
    jvp: ({ inputs: [a, b], outputs: [y] }, [da, db]) => {
      const sum = addTangents(da ? mul(da, b!) : null, db ? mul(a!, db) : null);
      return [stretch(sum, y!.shape)];
    },
  },
  // d(a/b) = (da − y·db) / b
  Div: {
    infer: ([a, b]) => [broadcastType('div', a!, b!)],
    vjp: ({ inputs: [a, b], outputs: [y] }, [dy], needs) => {
      const scaled = div(dy!, b!);
      return [
        needs[0] ? unbroadcast(scaled, a!.shape) : null,
        needs[1] ? neg(unbroadcast(mul(scaled, y!), b!.shape)) : null,
      ];
    },
    jvp: ({ inputs: [, b], outputs: [y] }, [da, db]) => {
      const top = addTangents(da!, db ? neg(mul(y!, db)) : null);
      return [top ? stretch(div(top, b!), y!.shape) : null];
    },
  },
  // d(aᵇ) = b·aᵇ⁻¹·da + aᵇ·ln(a)·db
  Pow: {
    infer: ([a, b]) => [broadcastType('pow', a!, b!)],
    vjp: ({ inputs: [a, b], outputs: [y] }, [dy], needs) => [
      needs[0] ? unbroadcast(mul(dy!, powerSlope(a!, b!)), a!.shape) : null,
      needs[1] ? unbroadcast(mul(dy!, mul(y!, log(a!))), b!.shape) : null,
    ],
    jvp: ({ inputs: [a, b], outputs: [y] }, [da, db]) => {
      const sum = addTangents(da ? mul(da, powerSlope(a!, b!)) : null, db ? mul(db, mul(y!, log(a!))) : null);
      return [stretch(sum, y!.shape)];
    },
  },
  Max: selecting('maximum', greater),
  Min: selecting('minimum', less),
  Mod: {
    infer: ([a, b]) => {
      const type = broadcastType('mod', a!, b!);
      if (isFloating(type.dtype)) throw refuse('mod needs whole numbers.', 'Use sub(a, mul(b, floor(div(a, b)))).');
      return [type];
    },
    vjp: 'zero',
    jvp: 'zero',
  },
  Greater: comparison('greater'),
  GreaterOrEqual: comparison('greaterOrEqual'),
  Less: comparison('less'),
  LessOrEqual: comparison('lessOrEqual'),
  Equal: comparison('equal'),
  And: comparison('and'),
  Or: comparison('or'),
  // d(where(c, a, b)) = where(c, da, db)
  Where: {
    infer: ([condition, a, b]) => {
      if (condition!.dtype !== 'bool') throw refuse(`where needs a bool condition, not ${condition!.dtype}.`);
      const { shape, dtype } = broadcastType('where', a!, b!);
      return [{ shape: broadcastShapes(condition!.shape, shape, 'where'), dtype }];
    },
    vjp: ({ inputs: [condition, a, b] }, [dy], needs) => [
      null,
      needs[1] ? unbroadcast(where(condition!, dy!, 0), a!.shape) : null,
      needs[2] ? unbroadcast(where(condition!, 0, dy!), b!.shape) : null,
    ],
    jvp: ({ inputs: [condition], outputs: [y] }, [, da, db]) => {
      if (!da && !db) return [null];
      const chosen = where(condition!, da ?? 0, db ?? 0);
      return [stretch(chosen, y!.shape)];
    },
  },
};

function comparison<Op extends OpName>(what: string): OpDefinition<Op> {
  return {
    infer: ([a, b]) => [{ shape: broadcastType(what, a!, b!).shape, dtype: 'bool' }],
    vjp: 'zero',
    jvp: 'zero',
  };
}

/** max and min: the derivative goes to the chosen operand, half to each where they are equal. */
function selecting<Op extends 'Max' | 'Min'>(what: string, wins: (a: Value, b: Value) => Value): OpDefinition<Op> {
  const share = (d: Value, a: Value, b: Value) => where(wins(a, b), d, where(equal(a, b), mul(d, 0.5), 0));
  return {
    infer: ([a, b]) => [broadcastType(what, a!, b!)],
    vjp: ({ inputs: [a, b] }, [dy], needs) => [
      needs[0] ? unbroadcast(share(dy!, a!, b!), a!.shape) : null,
      needs[1] ? unbroadcast(share(dy!, b!, a!), b!.shape) : null,
    ],
    jvp: ({ inputs: [a, b], outputs: [y] }, [da, db]) => {
      const sum = addTangents(da ? share(da, a!, b!) : null, db ? share(db, b!, a!) : null);
      return [stretch(sum, y!.shape)];
    },
  };
}

function powerSlope(a: Value, b: Value): Value {
  needFloating('pow', a);
  sameDType('pow', [a, b]);
  return mul(b, pow(a, add(b, -1)));
}
