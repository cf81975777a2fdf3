import { hasSameBytes } from './columnBytes.ts';
import { SqliteRecord } from './record.ts';
import { addRow, joinLists } from './rowHash.ts';
import type { Table } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import { TableCursor } from './tableCursor.ts';

/** How far somebody has read the rows of one key: how many of them, and their checksum. A plain tree. */
export interface KeyPosition {
  readonly count: number;
  readonly hash: number;
}

export const startOfRows: KeyPosition = { count: 0, hash: 0 };

/** What happened to the rows of a key since a position: there are more, there are none, or those that were read are not the same any more. */
export interface KeyReading {
  readonly position: KeyPosition;
  /** All rows of the key were read. */
  readonly isComplete: boolean;
  /** Rows that were read before were changed, replaced or deleted: everything is to be read anew. */
  readonly isChanged: boolean;
  readonly bytes: number;
}

/** A piece of a table that is scanned at once, before it is asked whether the state still holds. */
const pieceBytes = 1 << 25;
/** A small table is scanned anew whenever the database was written; a large one when that takes less than this share of the time since the last scan. */
const smallBytes = 1 << 22;
const rescanShare = 0.02;

/**
 * Which rows of a table belong to which key (a run), so that a thousand readers of one database do not scan it a thousand times. Rows that were appended are
 * added at once. That rows in the middle were replaced or deleted shows when the table is scanned anew, which is done as often as it is cheap; each key has a checksum
 * of its rows in their order, so that everybody who has read them can tell.
 */
export class KeyedRows {
  readonly #keyColumns: readonly string[];
  #rows = new RowLists();
  /** A scan from the start that is under way. */
  #next: RowLists | undefined;
  #scanMs = 0;
  #scanBytes = 0;
  #scannedAt = Number.NEGATIVE_INFINITY;
  /** The state that was scanned from the start last. */
  #scannedVersion = '';
  /** Rows were not what the lists say. */
  #isSuspect = false;

  /** The key is the first of the columns that is there and not NULL. */
  constructor(keyColumns: readonly string[]) {
    this.#keyColumns = keyColumns;
  }

  /** The keys in the order of their first rows. */
  get keys(): Iterable<string> {
    return this.#rows.lists.keys();
  }

  countOf(key: string): number {
    return this.#rows.lists.get(key)?.count ?? 0;
  }

  /** Id of a key's first row; undefined where there is none. */
  firstRow(key: string): number | undefined {
    return this.#rows.lists.get(key)?.firsts[0];
  }

  /** Id of the last row that a key has. */
  lastRow(key: string): number | undefined {
    return this.#rows.lists.get(key)?.lasts.at(-1);
  }

  /** Takes the rows of a state of the table. False where there are more than `maxBytes`: then it is to be called again. */
  update(snapshot: Snapshot, table: Table, maxBytes: number): boolean {
    if (this.#next === undefined) {
      if (this.#scannedVersion === snapshot.version && !this.#isSuspect) return true;
      const mustScan = this.#isSuspect || this.#rows.rootPage !== table.rootPage || this.#isScanDue();
      if (!mustScan && this.#rows.version === snapshot.version) return true;
      if (!mustScan) return this.#extend(this.#rows, snapshot, table, maxBytes);
      this.#next = new RowLists();
      this.#next.rootPage = table.rootPage;
      this.#scanMs = 0;
      this.#scanBytes = 0;
      this.#isSuspect = false;
    }
    const started = performance.now();
    const isWhole = this.#extend(this.#next, snapshot, table, maxBytes);
    this.#scanMs += performance.now() - started;
    if (!isWhole) return false;
    this.#rows = this.#next;
    this.#next = undefined;
    this.#scannedAt = performance.now();
    this.#scannedVersion = snapshot.version;
    return true;
  }

  /** Whether nothing can have changed unseen: the state was scanned as a whole. Until then it is worth asking again though nothing was written. */
  isSettled(snapshot: Snapshot): boolean {
    return this.#scannedVersion === snapshot.version && !this.#isSuspect;
  }

  /** Reads rows of a key behind a position, until `maxBytes` are exceeded. `take` gets each row's record, valid until the next one. */
  read(
    { snapshot, table }: { readonly snapshot: Snapshot; readonly table: Table },
    key: string,
    from: KeyPosition,
    maxBytes: number,
    take: (record: SqliteRecord, rowid: number) => void,
  ): KeyReading {
    const list = this.#rows.lists.get(key) ?? noRows;
    const isSame = list.count > from.count || (list.count === from.count && list.hash === from.hash);
    if (!isSame) return { position: from, isComplete: false, isChanged: true, bytes: 0 };
    const walk = { count: from.count, hash: from.hash, bytes: 0 };
    const cursor = new TableCursor(snapshot, table.rootPage);
    const record = new SqliteRecord(snapshot.header.encoding);
    for (let index = list.rangeOf(from.count); index < list.firsts.length && walk.bytes <= maxBytes; index++) {
      const skipped = walk.count - (list.counts[index - 1] ?? 0);
      cursor.seekAfter(list.firsts[index]! - 1);
      for (let skip = 0; skip < skipped; skip++) cursor.next();
      while (walk.count < list.counts[index]! && walk.bytes <= maxBytes && cursor.next()) {
        if (cursor.rowid > list.lasts[index]!) break;
        try {
          cursor.loadInto(record);
          walk.count++;
          walk.hash = addRow(walk.hash, record.hash);
        } catch (error) {
          snapshot.tolerate(error);
          continue;
        }
        walk.bytes += cursor.payloadLength;
        take(record, cursor.rowid);
      }
    }
    const isComplete = walk.count === list.count;
    // Rows that are missing where the list has them also mean a change; a budget that ended is none.
    const isChanged = isComplete ? walk.hash !== list.hash : walk.bytes <= maxBytes;
    if (isChanged) this.#isSuspect = true;
    return { position: { count: walk.count, hash: walk.hash }, isComplete, isChanged, bytes: walk.bytes };
  }

  #isScanDue(): boolean {
    const since = performance.now() - this.#scannedAt;
    return this.#scanBytes <= smallBytes || this.#scanMs < since * rescanShare;
  }

  #extend(rows: RowLists, snapshot: Snapshot, table: Table, maxBytes: number): boolean {
    for (let left = maxBytes; ; ) {
      const piece = scanPiece(snapshot, table, this.#keyColumns, rows.last, Math.min(left, pieceBytes));
      snapshot.check();
      rows.append(piece.rows);
      if (rows === this.#next) this.#scanBytes += piece.bytes;
      if (piece.isEnd) {
        rows.version = snapshot.version;
        return true;
      }
      left -= piece.bytes;
      if (left <= 0) return false;
    }
  }
}

/** The rows of one key: ranges of rows that follow one another in the table, by their first and last ids, and how many rows there are up to each range's end. */
class RowList {
  count = 0;
  hash = 0;
  readonly firsts: number[] = [];
  readonly lasts: number[] = [];
  readonly counts: number[] = [];

  /** Adds a row; `goesOn` where the row before it in the table has the same key. */
  add(rowid: number, hash: number, goesOn: boolean): void {
    this.count++;
    this.hash = addRow(this.hash, hash);
    const last = this.firsts.length - 1;
    if (goesOn && last >= 0) {
      this.lasts[last] = rowid;
      this.counts[last] = this.count;
    } else {
      this.firsts.push(rowid);
      this.lasts.push(rowid);
      this.counts.push(this.count);
    }
  }

  /** Adds the rows of another list behind these; `goesOn` where its first range follows the last one of this list in the table. */
  append(more: RowList, goesOn: boolean): void {
    const joins = goesOn && this.firsts.length > 0;
    if (joins) {
      this.lasts[this.lasts.length - 1] = more.lasts[0]!;
      this.counts[this.counts.length - 1] = this.count + more.counts[0]!;
    }
    for (let index = joins ? 1 : 0; index < more.firsts.length; index++) {
      this.firsts.push(more.firsts[index]!);
      this.lasts.push(more.lasts[index]!);
      this.counts.push(this.count + more.counts[index]!);
    }
    this.hash = joinLists(this.hash, more.hash, more.count);
    this.count += more.count;
  }

  /** The range that holds the row at a position. */
  rangeOf(position: number): number {
    let low = 0;
    let high = this.counts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.counts[middle]! > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

class RowLists {
  readonly lists = new Map<string, RowList>();
  last = Number.NEGATIVE_INFINITY;
  rootPage = 0;
  version = '';
  /** Keys of the first and the last row. */
  firstKey: string | undefined;
  lastKey: string | undefined;

  append(more: RowLists): void {
    this.firstKey ??= more.firstKey;
    for (const [key, list] of more.lists) {
      const own = this.lists.get(key);
      if (own === undefined) this.lists.set(key, list);
      else own.append(list, key === more.firstKey && key === this.lastKey);
    }
    this.lastKey = more.lastKey ?? this.lastKey;
    this.last = more.last;
  }
}

const noRows = new RowList();

function scanPiece(
  snapshot: Snapshot,
  table: Table,
  keyColumns: readonly string[],
  after: number,
  maxBytes: number,
): { readonly rows: RowLists; readonly isEnd: boolean; readonly bytes: number } {
  const rows = new RowLists();
  rows.last = after;
  const keys = new KeyReader(table, keyColumns);
  const cursor = new TableCursor(snapshot, table.rootPage);
  const record = new SqliteRecord(snapshot.header.encoding);
  let current: RowList | undefined;
  let bytes = 0;
  cursor.seekAfter(after);
  while (cursor.next()) {
    rows.last = cursor.rowid;
    bytes += cursor.payloadLength;
    try {
      cursor.loadInto(record);
      const key = keys.read(record, cursor.rowid);
      const goesOn = key === rows.lastKey && current !== undefined;
      rows.firstKey ??= key;
      if (!goesOn) {
        current = rows.lists.get(key) ?? new RowList();
        rows.lists.set(key, current);
        rows.lastKey = key;
      }
      current!.add(cursor.rowid, record.hash, goesOn);
    } catch (error) {
      snapshot.tolerate(error);
    }
    if (bytes >= maxBytes) return { rows, isEnd: false, bytes };
  }
  return { rows, isEnd: true, bytes };
}

/** Reads the keys of rows. Those that follow one another mostly have the same one, so its bytes are compared before a text is made. */
class KeyReader {
  readonly #columns: readonly { readonly index: number; readonly isRowid: boolean }[];
  #column = -1;
  #bytes: Uint8Array = new Uint8Array(0);
  #key = '';

  constructor(table: Table, names: readonly string[]) {
    const indexes = names.map((name) => table.column(name)).filter((index) => index >= 0);
    this.#columns = indexes.map((index) => ({ index, isRowid: table.columns[index]!.isRowid }));
  }

  read(record: SqliteRecord, rowid: number): string {
    for (const { index, isRowid } of this.#columns) {
      if (record.hasBytes(index)) {
        if (index === this.#column && hasSameBytes(record, index, this.#bytes)) return this.#key;
        const text = record.text(index)!;
        if (text === '') continue;
        this.#column = index;
        this.#bytes = record.bytes(index)!.slice();
        this.#key = text;
        return text;
      }
      const number = isRowid && record.isNull(index) ? rowid : record.number(index);
      if (number !== undefined) return String(number);
    }
    return '';
  }
}
