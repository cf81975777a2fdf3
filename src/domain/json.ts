/** A tree as JSON or YAML gives it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A number as it stands in our documented JSON output, which cannot hold NaN and the infinities. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** The JSON form of any float64. */
export function jsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}
