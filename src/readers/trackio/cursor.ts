import type { JsonObject } from '../../domain/json.ts';
import type { ReaderCursor } from '../../domain/records.ts';
import { type KeyPosition, startOfRows } from '../sqlite/keyedRows.ts';
import type { InboxPosition } from './inbox.ts';
import { emptyRowState, type RowState } from './runRows.ts';

/** How far a run was read: rows of three tables, fragments of the inbox, and what its rows said. A plain tree. */
export interface TrackioCursor {
  readonly metrics: KeyPosition;
  readonly system: KeyPosition;
  readonly alerts: KeyPosition;
  readonly inbox: InboxPosition;
  /** Ids of records that were taken from the inbox and are not seen in the database yet. */
  readonly pending: readonly string[];
  readonly rows: RowState;
}

const version = 1;

export const emptyCursor: TrackioCursor = {
  metrics: startOfRows,
  system: startOfRows,
  alerts: startOfRows,
  inbox: {},
  pending: [],
  rows: emptyRowState,
};

export function writeCursor(cursor: TrackioCursor): JsonObject {
  return JSON.parse(JSON.stringify({ version, ...cursor })) as JsonObject;
}

/** The cursor in a kept tree; undefined where it is of another version or of another make, which means: start anew. */
export function readCursor(cursor: ReaderCursor | undefined): TrackioCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const tree = cursor as { readonly [name: string]: unknown };
  const isWhole = Object.keys(emptyCursor).every((name) => tree[name] !== null && typeof tree[name] === 'object');
  return tree['version'] === version && isWhole ? (tree as unknown as TrackioCursor) : undefined;
}
