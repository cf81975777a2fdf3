import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>;

/** Number of a REAL or INTEGER column; NULL stands for NaN, which SQLite cannot hold. */
export function numberOf(value: SQLOutputValue | undefined): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

/** The other way: NaN as NULL. */
export function realOf(value: number): SQLInputValue {
  return Number.isNaN(value) ? null : value;
}

export function textOf(value: SQLOutputValue | undefined): string {
  return String(value ?? '');
}

export function jsonOf<T>(value: SQLOutputValue | undefined): T {
  return JSON.parse(String(value)) as T;
}

/** A property that is there only where the column holds something. */
export function optional<K extends string, T>(
  key: K,
  value: SQLOutputValue | undefined,
  convert: (value: SQLOutputValue) => T,
): { readonly [P in K]?: T } {
  return value === null || value === undefined ? {} : ({ [key]: convert(value) } as { readonly [P in K]: T });
}
