import type { TableContent } from '../../domain/mediaContent.ts';

/** Panels scroll through this many rows; the rest is counted. */
export const mostRows = 10_000;

/** A longer text in a cell is cut, with a mark. */
const longestCell = 20_000;

/** `{"columns": […], "data": [[…]]}`, as W&B (sdk/data_types/table.py, to_json) and MLflow's log_table (orient="split") write it. */
export function splitTable(value: unknown): TableContent | undefined {
  if (!isObject(value) || !Array.isArray(value['data'])) return undefined;
  const rows: readonly unknown[] = value['data'];
  const columns = Array.isArray(value['columns']) ? value['columns'].map(String) : [];
  return {
    columns,
    rows: rows.slice(0, mostRows).map((row) => (Array.isArray(row) ? row.map(cell) : [cell(row)])),
    totalRows: rows.length,
  };
}

/** A list of objects, bare or as the `_value` of a Trackio table: the columns are their keys in the order in which they first occur. */
export function recordTable(value: unknown): TableContent | undefined {
  const list = isObject(value) ? value['_value'] : value;
  if (!Array.isArray(list)) return undefined;
  const shown = list.slice(0, mostRows).map((row: unknown) => (isObject(row) ? row : { value: row }));
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  return {
    columns,
    rows: shown.map((row) => columns.map((column) => (Object.hasOwn(row, column) ? cell(row[column]) : null))),
    totalRows: list.length,
  };
}

/** A cell as panels know it: a picture as its file, everything else as it stands. */
export function cell(value: unknown): unknown {
  if (typeof value === 'string') return value.length > longestCell ? `${value.slice(0, longestCell)}…` : value;
  if (!isObject(value)) return value;
  const file = pictureFile(value);
  return file === undefined ? value : { file };
}

/** Paths as trackers write them into cells, made relative to the folder that holds the run: W&B's lie below `files`, Trackio's below `media`. */
function pictureFile({
  _type: type,
  path,
  file_path: filePath,
}: {
  readonly [key: string]: unknown;
}): string | undefined {
  if (type === 'image-file' && typeof path === 'string') return `files/${path}`;
  if (type === 'trackio.image' && typeof filePath === 'string') return `media/${filePath}`;
  return undefined;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
