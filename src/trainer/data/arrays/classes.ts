import { badData } from '../files/badData.ts';
import { byName } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { type Column, rowReader, rowSize } from './columns.ts';

/** Which class each row has: numbers from 0 to `classes` − 1. */
export interface Labels {
  readonly classes: number;
  /** Per part, in the order of the rows. */
  readonly labels: readonly Int32Array[];
}

/** Whole numbers below this are classes themselves; others, as years or codes may be, are numbered in their order. */
const mostPlainClasses = 10_000;

/**
 * Numbers the classes of a target over all of its parts, so that they mean the same in each: whole numbers from 0 on stand for themselves, other numbers and
 * texts are numbered in their order.
 */
export function numberClasses(parts: readonly (readonly Column[])[], name: string, files: OpenFiles): Labels {
  const values = parts.map((pieces) => pieces.flatMap((piece) => valuesOf(piece, name, files)));
  const distinct = [...new Set(values.flat())];
  const arePlain = distinct.every(
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < mostPlainClasses,
  );
  if (arePlain) {
    const classes = distinct.reduce<number>((most, value) => Math.max(most, value as number), -1) + 1;
    return { classes, labels: values.map((part) => Int32Array.from(part as number[])) };
  }
  const numbers = new Map(distinct.sort(inOrder).map((value, i) => [value, i]));
  return { classes: numbers.size, labels: values.map((part) => Int32Array.from(part, (value) => numbers.get(value)!)) };
}

function valuesOf(column: Column, name: string, files: OpenFiles): (number | string)[] {
  if (column.kind === 'text') return column.texts.map((text) => text.trim());
  if (rowSize(column) !== 1) {
    throw badData(`The target "${name}" has ${rowSize(column)} numbers in a row; a class is one.`, {
      hint: 'Give each example the number or name of its class.',
    });
  }
  const values = new Float64Array(column.rows);
  rowReader(column, files)(0, column.rows, values, 0);
  return Array.from(values);
}

function inOrder(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : byName(String(a), String(b));
}
