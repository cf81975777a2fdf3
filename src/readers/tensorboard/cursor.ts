import type { JsonObject } from '../../domain/json.ts';
import type { ReaderCursor } from '../../domain/records.ts';
import { emptyLogFacts, type LogFacts } from './collector.ts';
import type { TagMeaning } from './columns.ts';
import type { FilePosition } from './eventFile.ts';

/** One event file as the cursor knows it. The head tells a file that was written anew under the old name. */
export interface FileCursor extends FilePosition {
  readonly inode: string;
  /** How many bytes the head's checksum covers, and the checksum. */
  headLength: number;
  headCrc: number;
}

/** Where the reading of a log goes on: a plain tree. */
export interface LogCursor {
  readonly files: { readonly [name: string]: FileCursor };
  /** Plugin and data class by tag, for tags that have any. */
  readonly meanings: { readonly [tag: string]: readonly [string, number] };
  readonly facts: LogFacts;
}

const version = 1;

export const emptyLogCursor: LogCursor = { files: {}, meanings: {}, facts: emptyLogFacts };

/** The cursor as it is kept. */
export function writeCursor(cursor: LogCursor): JsonObject {
  // Through JSON, so that nothing in it is shared with what the reader goes on changing.
  return JSON.parse(JSON.stringify({ version, ...cursor })) as JsonObject;
}

/** The log cursor in a kept tree; undefined where it is of another version or of another make, which means: start anew. */
export function readCursor(cursor: ReaderCursor | undefined): LogCursor | undefined {
  if (!isObject(cursor) || cursor['version'] !== version) return undefined;
  const { files, meanings, facts } = cursor as { files?: unknown; meanings?: unknown; facts?: unknown };
  if (!isObject(files) || !isObject(meanings) || !isObject(facts)) return undefined;
  if (!Object.values(files).every(isFileCursor) || !Array.isArray(facts['restarts'])) return undefined;
  return {
    files: files as unknown as LogCursor['files'],
    meanings: meanings as unknown as LogCursor['meanings'],
    facts: facts as unknown as LogFacts,
  };
}

export function meaningsOf(cursor: LogCursor): (readonly [string, TagMeaning])[] {
  return Object.entries(cursor.meanings).map(([tag, [plugin, dataClass]]) => [tag, { plugin, dataClass }] as const);
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
