import { type FileHandle, open, stat } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  snappyUncompress,
} from 'hyparquet';

/** A page of a Parquet file has a megabyte by default; one that claims more than this is damaged. */
const largestPage = 1 << 28;
/** What a run logs in a lifetime is less. */
const mostRows = 50_000_000;

/** One Parquet file, opened anew for each reading. */
export interface ParquetFile {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Rows [start, end) as objects by the names of their columns. Rejects where the file is damaged. */
  read(start: number, end: number, columns?: readonly string[]): Promise<readonly ParquetRow[]>;
}

export type ParquetRow = { readonly [column: string]: unknown };

/** Works on a file and closes it. Rejects where it is no Parquet file, or damaged. */
export async function withParquet<T>(file: string, work: (parquet: ParquetFile) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const buffer: AsyncBuffer = {
      byteLength: size,
      slice(start, end = size) {
        const piece = readPiece(handle, start, Math.min(end, size));
        // The reader may give up on a damaged file before it has waited for all pieces.
        piece.catch(() => {});
        return piece;
      },
    };
    const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
    return await work(parquetOf(buffer, metadata));
  } finally {
    await handle.close();
  }
}

/** Whether every group of rows has the columns of the schema, each once and in order, and as many rows as the file says. */
function hasSoundGroups(metadata: FileMetaData): boolean {
  const leaves = leavesOf(parquetSchema(metadata));
  const counts = metadata.row_groups.map((group) => Number(group.num_rows));
  const hasColumns = metadata.row_groups.every(({ columns }) => {
    const paths = columns.map((column) => column.meta_data?.path_in_schema.join('\0'));
    return paths.length === leaves.length && paths.every((path, index) => path === leaves[index]);
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    hasColumns &&
    new Set(leaves).size === leaves.length &&
    counts.every((count) => count >= 0) &&
    total === Number(metadata.num_rows)
  );
}

function leavesOf(tree: ReturnType<typeof parquetSchema>): readonly string[] {
  return tree.children.length === 0 ? [tree.path.join('\0')] : tree.children.flatMap(leavesOf);
}

async function readPiece(handle: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  if (!(start >= 0 && end >= start)) throw new Error('The file points outside itself.');
  const bytes = new Uint8Array(end - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  if (bytesRead < bytes.length) throw new Error('The file ends too early.');
  return bytes.buffer;
}

/** How a file looks now: the same text means that nothing was written. Undefined where there is none. */
export async function lookOfFile(
  file: string,
): Promise<{ readonly look: string; readonly modifiedAt: number } | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return { look: `${found.ino}:${found.size}:${found.mtimeNs}`, modifiedAt: Number(found.mtimeNs) / 1e9 };
}

function parquetOf(file: AsyncBuffer, metadata: FileMetaData): ParquetFile {
  const rows = Number(metadata.num_rows);
  if (!hasSoundGroups(metadata)) throw new Error('Its parts do not fit its schema.');
  if (!(rows >= 0 && rows <= mostRows)) throw new Error(`The file says that it has ${rows} rows.`);
  return {
    rows,
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    read: (rowStart, rowEnd, columns) =>
      parquetReadObjects({
        file,
        metadata,
        rowStart,
        rowEnd,
        compressors,
        geoparquet: false,
        ...(columns === undefined ? {} : { columns: [...columns] }),
      }),
  };
}

/** Decompression that makes no more room than a page may need, whatever its header says. pyarrow writes SNAPPY unless it is told otherwise. */
const compressors: Compressors = {
  SNAPPY: (input, length) => {
    const output = new Uint8Array(checked(length));
    if (length > 0) snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: checked(length) + 1 }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: checked(length) + 1 }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: checked(length) + 1 }),
};

function checked(length: number): number {
  if (!(length >= 0 && length <= largestPage)) throw new Error(`A page says that it has ${length} bytes.`);
  return length;
}
