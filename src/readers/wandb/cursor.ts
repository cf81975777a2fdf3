import type { JsonObject } from '../../domain/json.ts';
import type { ReaderCursor } from '../../domain/records.ts';
import type { LogPosition } from './logFile.ts';
import { emptyState, type LogState } from './state.ts';

/** One file that grows, as the cursor knows it. The head tells a file that was written anew under the old name. */
export interface FileCursor extends LogPosition {
  readonly inode: string;
  /** How many bytes the head's checksum covers, and the checksum. */
  readonly headLength: number;
  readonly headCrc: number;
}

/** Where the reading of a run's folder goes on: a plain tree. */
export interface RunCursor {
  /** By name: the transaction log, or the history and events of a run before 0.10. */
  readonly files: { readonly [name: string]: FileCursor };
  readonly state: LogState;
}

const version = 2;

export const emptyCursor: RunCursor = { files: {}, state: emptyState };

/** The cursor as it is kept. */
export function writeCursor(cursor: RunCursor): JsonObject {
  // Through JSON, so that nothing in it is shared with what the reader goes on changing.
  return JSON.parse(JSON.stringify({ version, ...cursor })) as JsonObject;
}

/** The cursor in a kept tree; undefined where it is of another version or of another make, which means: start anew. */
export function readCursor(cursor: ReaderCursor | undefined): RunCursor | undefined {
  if (!isObject(cursor) || cursor['version'] !== version) return undefined;
  const { files, state } = cursor as { files?: unknown; state?: unknown };
  if (!isObject(files) || !isObject(state) || !Object.values(files).every(isFileCursor)) return undefined;
  return {
    files: files as unknown as RunCursor['files'],
    state: { ...emptyState, ...(state as unknown as LogState) },
  };
}

function isFileCursor(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['inode'] === 'string' &&
    typeof value['offset'] === 'number' &&
    typeof value['headCrc'] === 'number'
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
