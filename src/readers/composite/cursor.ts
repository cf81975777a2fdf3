import type { JsonObject } from '../../domain/json.ts';
import type { ReaderCursor, RunFacts } from '../../domain/records.ts';
import type { OwnersTree } from './tagOwners.ts';

/** Where the reading of a run of several places goes on. */
export interface CompositeCursor {
  /** `placeKey` → where that place's reader goes on, and what it has told that is small. */
  readonly places: { readonly [id: string]: KeptPlace };
  /** Large facts are not kept here twice: `placeKey` of who told the one that holds. */
  readonly givers: { readonly [fact: string]: string };
  readonly tags: OwnersTree;
  /** All places were read to their end once, and the tags have the owners that were best then. */
  readonly settled: boolean;
}

export interface KeptPlace {
  readonly cursor: ReaderCursor;
  readonly facts: RunFacts;
  /** Of a place that continues another one: its first row, and by how much its counts of the machine's figures are moved up. */
  readonly began?: { readonly step: number; readonly wallTime: number };
  readonly shifts?: { readonly [tag: string]: number };
}

/** 2: figures of the Trainer of Hugging Face take the names that they have in other loggers. */
const version = 2;

export function writeCompositeCursor(cursor: CompositeCursor): ReaderCursor {
  return { composite: version, ...(cursor as unknown as JsonObject) };
}

/** The cursor in a kept tree; undefined where it is of another make, which means: start anew. */
export function readCompositeCursor(tree: ReaderCursor | undefined): CompositeCursor | undefined {
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) return undefined;
  const { composite, ...cursor } = tree as JsonObject;
  return composite === version ? (cursor as unknown as CompositeCursor) : undefined;
}
