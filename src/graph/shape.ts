import { AppError } from '../base/errors.ts';

/** Sizes of the axes, outermost first. `[]` is a scalar. All shapes are static. */
export type Shape = readonly number[];

/** Number of elements: 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** True when both have the same axes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `[2,3]`, for messages. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** An error about how a graph is put together. */
export function refuse(message: string, hint?: string): AppError {
  return new AppError('bad-argument', message, hint === undefined ? {} : { hint });
}

/** The common shape under NumPy broadcasting (aligned at the last axis, size 1 stretches). Throws where there is none. */
export function broadcastShapes(a: Shape, b: Shape, what = 'An operation'): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw refuse(
        `${what} cannot combine the shapes ${showShape(a)} and ${showShape(b)}.`,
        'Sizes must be equal or 1, counted from the last axis.',
      );
    }
    return left === 1 ? right : left;
  });
}

/** A possibly negative axis as 0 … rank-1. Throws when it does not exist. */
export function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw refuse(`There is no axis ${axis} in a value of rank ${rank}.`);
  }
  return positive;
}

/** Possibly negative axes as ascending 0 … rank-1. Throws on one that does not exist or is named twice. */
export function normalizeAxes(axes: readonly number[], rank: number): readonly number[] {
  const positive = axes.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
  if (new Set(positive).size !== positive.length) throw refuse(`The axes ${showShape(axes)} name one axis twice.`);
  return positive;
}

/** All axes of a rank: 0 … rank-1. */
export function allAxes(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The shape with one axis replaced. */
export function withSize(shape: Shape, axis: number, size: number): Shape {
  return shape.map((old, i) => (i === axis ? size : old));
}
