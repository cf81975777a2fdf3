import type { Json, JsonObject } from '../../domain/json.ts';
import { WireReader } from '../tensorboard/wire.ts';
import { readItems } from './items.ts';
import { parseJson, setAt } from './json.ts';
import { readPath } from './keys.ts';

/** HistoryRecord.item. */
const itemField = 1;

/**
 * The value that a writer split into history items, put together again from their bytes: `values`, `bins` and the other names in it. The names before
 * them, which all items share, are left away. Throws MalformedMessage.
 */
export function objectOfItems(bytes: Uint8Array): JsonObject {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { readonly path: readonly string[]; readonly value: Json }[] = [];
  readItems(
    new WireReader(bytes, view, { start: 0, end: bytes.length }),
    itemField,
    ({ keyEnd, valueStart, end }, start) => {
      const value = parseJson(bytes, valueStart, end);
      if (value !== undefined) found.push({ path: readPath(bytes, start, keyEnd), value });
    },
  );
  const typed = found.filter(({ path }) => path.at(-1) === '_type').map(({ path }) => path.length - 1);
  const shared = typed.length === 0 ? 0 : Math.min(...typed);
  const object: { [key: string]: Json } = {};
  for (const { path, value } of found) setAt(object, path.slice(shared), value);
  return object;
}
