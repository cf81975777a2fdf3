import {
  add,
  div,
  matmul,
  mul,
  type ParameterSlot,
  reduceSum,
  reshape,
  sqrt,
  swapLast,
  type Value,
} from '../../graph/index.ts';

/** Matrices of one shape that lie one after another in a vector. */
export interface Matrices {
  /** [matrices, rows, columns]. */
  readonly shape: readonly [number, number, number];
  /** By what a step of orthogonal matrices is longer: √max(1, outputs / inputs). */
  readonly gain: number;
}

/**
 * The matrices that parameters of one shape are: dense weights [in, out] as they stand, kernels [out, in, …] as [out, in · …], which is how the author of
 * Muon takes them.
 */
export function matricesOf(slots: readonly ParameterSlot[]): Matrices {
  const { shape, size } = slots[0]!;
  const [rows, columns] = [shape[0]!, size / shape[0]!];
  const growth = shape.length === 2 ? columns / rows : rows / columns;
  return { shape: [slots.length, rows, columns], gain: Math.sqrt(Math.max(1, growth)) };
}

/**
 * Each matrix with its singular values brought near 1, and its singular vectors kept: the direction in which Muon moves (Jordan et al., "Muon: An optimizer
 * for hidden layers in neural networks", https://kellerjordan.github.io/posts/muon/). A quintic iteration of Newton and Schulz, X ← aX + (bA + cA²)X with
 * A = X·Xᵀ, five times, whose coefficients are chosen for a steep slope at 0: singular values end between 0.7 and 1.2. `offset` is added to the norm by
 * which a matrix is divided at first. vector [n·rows·columns] → the same shape.
 */
export function orthogonalized(vector: Value, { shape }: Matrices, offset: number): Value {
  const [, rows, columns] = shape;
  const matrices = reshape(vector, shape);
  // The products of the shorter side with itself are the cheaper ones.
  const wide = rows > columns ? swapLast(matrices) : matrices;
  const norm = sqrt(reduceSum(mul(wide, wide), [1, 2]));
  let x = div(wide, add(norm, offset));
  for (let round = 0; round < rounds; round++) {
    const a = matmul(x, swapLast(x));
    x = add(mul(x, linear), matmul(add(mul(a, cubic), mul(matmul(a, a), quintic)), x));
  }
  return reshape(rows > columns ? swapLast(x) : x, vector.shape);
}

const rounds = 5;
const [linear, cubic, quintic] = [3.4445, -4.775, 2.0315];
