import type { Json } from '../json.ts';
import { pythonFloat } from './numbers.ts';
import type { HydraElement, HydraScalar } from './values.ts';

/** The value as a configuration holds it. NaN and the infinities, and integers beyond 2^53, become text, because JSON has no such numbers. */
export function elementToJson(value: HydraElement): Json {
  switch (value.kind) {
    case 'null':
      return null;
    case 'boolean':
    case 'string':
    case 'quoted':
      return value.value;
    case 'integer':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : String(value.value);
    case 'float':
      return Number.isFinite(value.value) ? value.value : pythonFloat(value.value);
    case 'list':
      return value.items.map(elementToJson);
    case 'dict':
      return Object.fromEntries(value.entries.map(([key, item]) => [keyText(key), elementToJson(item)]));
  }
}

function keyText(key: HydraScalar): string {
  return key.kind === 'null' ? 'null' : String(key.value);
}
