import { matmul } from '../build/linalg.ts';
import { reshape, swapLast } from '../build/movement.ts';
import { unbroadcast } from '../build/reduction.ts';
import type { OpTable, TensorType, Value } from '../ir.ts';
import { broadcastShapes, refuse, showShape } from '../shape.ts';
import { addTangents, needFloating, sameDType } from './helpers.ts';

export const linalgOps: OpTable<'MatMul'> = {
  // Y = A·B: dA = dY·Bᵀ and dB = Aᵀ·dY, summed over stretched leading axes.
  MatMul: {
    infer: ([a, b]) => [matmulType(a!, b!)],
    vjp: ({ inputs: [a, b] }, [dy], needs) =>
      a!.rank > 2 && b!.rank === 2 ? flattenedRule(a!, b!, dy!, needs) : batchedRule(a!, b!, dy!, needs),
    jvp: ({ inputs: [a, b] }, [da, db]) => [addTangents(da ? matmul(da, b!) : null, db ? matmul(a!, db) : null)],
  },
};

/** Many rows times one matrix: as two large products, without a partial dB for each leading entry. */
function flattenedRule(a: Value, b: Value, dy: Value, needs: readonly boolean[]): readonly (Value | null)[] {
  const rows = reshape(dy, [-1, b.shape[1]!]);
  return [
    needs[0] ? reshape(matmul(rows, swapLast(b)), a.shape) : null,
    needs[1] ? matmul(swapLast(reshape(a, [-1, b.shape[0]!])), rows) : null,
  ];
}

function batchedRule(a: Value, b: Value, dy: Value, needs: readonly boolean[]): readonly (Value | null)[] {
  return [
    needs[0] ? unbroadcast(matmul(dy, swapLast(b)), a.shape) : null,
    needs[1] ? unbroadcast(matmul(swapLast(a), dy), b.shape) : null,
  ];
}

function matmulType(a: Value, b: Value): TensorType {
  const dtype = sameDType('matmul', [a, b]);
  needFloating('matmul', a);
  const [rows, inner] = a.shape.slice(-2);
  const [innerToo, columns] = b.shape.slice(-2);
  if (a.rank < 2 || b.rank < 2 || inner !== innerToo) {
    throw refuse(
      `matmul cannot multiply ${showShape(a.shape)} by ${showShape(b.shape)}.`,
      'The last size of the first must equal the last but one of the second; vectors need unsqueeze().',
    );
  }
  return { shape: [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul'), rows!, columns!], dtype };
}
