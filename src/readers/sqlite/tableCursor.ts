import { SqliteFault } from './fault.ts';
import type { SqliteRecord } from './record.ts';
import type { Snapshot } from './snapshot.ts';
import { VarintReader } from './varint.ts';

const interiorPage = 5;
const leafPage = 13;
/** A tree of four billion pages is less deep than this. */
const deepest = 40;
/** Of a page with the database's header on it. */
const firstPageOffset = 100;

interface Level {
  readonly page: Uint8Array;
  readonly number: number;
  readonly header: number;
  readonly cells: number;
  cell: number;
}

/**
 * Walks the rows of a table in the order of their rowids (https://www.sqlite.org/fileformat2.html §1.5). It never trusts a length: loops end, since rowids must rise,
 * and what a row claims to need cannot exceed the file. Damage is handed to the snapshot, which throws it or lets the walk go on behind it.
 */
export class TableCursor {
  rowid = Number.NEGATIVE_INFINITY;
  readonly #snapshot: Snapshot;
  readonly #root: number;
  readonly #varints = new VarintReader();
  /** Interior pages from the root down. */
  #path: Level[] = [];
  #leaf: Level | undefined;
  #leafBytes: Uint8Array | undefined;
  #payloadAt = 0;
  #payloadLength = 0;
  /** Pages that were entered since the last seek: more than the file has would mean a loop. */
  #visits = 0;
  /** Bytes of long rows that were joined: together they cannot be much more than the file. */
  #joined = 0;

  constructor(snapshot: Snapshot, rootPage: number) {
    this.#snapshot = snapshot;
    this.#root = rootPage;
  }

  /** Goes to the place before the first row whose id is larger. */
  seekAfter(rowid: number): void {
    this.rowid = rowid;
    if (this.#isWithinLeaf(rowid)) {
      this.#leaf!.cell = this.#firstAfter(this.#leaf!, rowid);
      return;
    }
    this.#path = [];
    this.#leaf = undefined;
    this.#visits = 0;
    this.#descend(this.#root, rowid);
  }

  /** Goes to the next row. False behind the last one. */
  next(): boolean {
    for (;;) {
      const leaf = this.#leaf;
      if (leaf !== undefined && leaf.cell < leaf.cells) {
        try {
          if (this.#enter(leaf, leaf.cell++)) return true;
          throw this.#fault(leaf.number, 'The rows of a table are not in order');
        } catch (error) {
          this.#snapshot.tolerate(error);
          continue;
        }
      }
      if (!this.#toNextLeaf()) return false;
    }
  }

  /** Gives the row's bytes to a record, which holds them until the next row: those of its page where they lie there in one piece. Throws SqliteFault where they cannot be had. */
  loadInto(record: SqliteRecord): void {
    const { page, number } = this.#leaf!;
    const length = this.#payloadLength;
    const { usableSize } = this.#snapshot.header;
    const largestLocal = usableSize - 35;
    if (length <= largestLocal) {
      if (this.#payloadAt + length > usableSize) throw this.#fault(number, 'A row goes on behind the end of its page');
      record.load(page, this.#payloadAt, this.#payloadAt + length);
      return;
    }
    record.load(this.#joinOverflow(page, number, length, largestLocal), 0, length);
  }

  /** Bytes of the row, without reading them. */
  get payloadLength(): number {
    return this.#payloadLength;
  }

  /** The part on the page, then a chain of pages with four bytes for the number of the next one. */
  #joinOverflow(page: Uint8Array, number: number, length: number, largestLocal: number): Uint8Array {
    const { usableSize } = this.#snapshot.header;
    const least = Math.floor(((usableSize - 12) * 32) / 255) - 23;
    const fitting = least + ((length - least) % (usableSize - 4));
    const local = fitting <= largestLocal ? fitting : least;
    if (length > this.#snapshot.pageCount * usableSize)
      throw this.#fault(number, `A row says that it has ${length} bytes, more than the whole file`);
    this.#joined += length;
    if (this.#joined > 4 * this.#snapshot.pageCount * usableSize)
      throw this.#fault(number, 'The long rows of a table together are longer than the whole file');
    if (this.#payloadAt + local + 4 > usableSize) throw this.#fault(number, 'A row goes on behind the end of its page');
    const bytes = new Uint8Array(length);
    bytes.set(page.subarray(this.#payloadAt, this.#payloadAt + local));
    let next = readUint32(page, this.#payloadAt + local);
    for (let at = local; at < length; ) {
      if (next === 0) throw this.#fault(number, 'The end of a long row is missing');
      const more = this.#snapshot.page(next);
      const count = Math.min(length - at, usableSize - 4);
      bytes.set(more.subarray(4, 4 + count), at);
      at += count;
      next = readUint32(more, 0);
    }
    return bytes;
  }

  #isWithinLeaf(rowid: number): boolean {
    const leaf = this.#leaf;
    if (leaf === undefined || leaf.cells === 0) return false;
    try {
      return this.#rowidAt(leaf, 0) <= rowid && rowid < this.#rowidAt(leaf, leaf.cells - 1);
    } catch {
      return false;
    }
  }

  #descend(root: number, rowid: number): void {
    let number = root;
    for (;;) {
      try {
        const level = this.#level(number);
        if (level.page[level.header] === leafPage) {
          level.cell = this.#firstAfter(level, rowid);
          this.#leaf = level;
          return;
        }
        if (this.#path.length >= deepest) throw this.#fault(number, 'The tree of a table is deeper than it can be');
        level.cell = this.#firstAfter(level, rowid);
        this.#path.push(level);
        number = this.#childAt(level, level.cell);
      } catch (error) {
        this.#snapshot.tolerate(error);
        // What lies under this page is lost; its neighbours are not.
        this.#leaf = undefined;
        return;
      }
    }
  }

  #toNextLeaf(): boolean {
    this.#leaf = undefined;
    for (;;) {
      const parent = this.#path.at(-1);
      if (parent === undefined) return false;
      if (parent.cell >= parent.cells) {
        this.#path.pop();
        continue;
      }
      parent.cell++;
      this.#descendFrom(parent);
      if (this.#leaf !== undefined) return true;
      // Below a page that cannot be read there is nothing; the next child of the innermost page that can be read follows.
      if (this.#isLoop) this.#path = [];
    }
  }

  #descendFrom(parent: Level): void {
    try {
      // Rows before the one that was last given are not met again, whatever a damaged tree leads to.
      this.#descend(this.#childAt(parent, parent.cell), this.rowid);
    } catch (error) {
      this.#snapshot.tolerate(error);
    }
  }

  get #isLoop(): boolean {
    return this.#visits > this.#snapshot.pageCount + deepest;
  }

  /** Takes the facts of a row; false where its id does not rise. */
  #enter(leaf: Level, cell: number): boolean {
    const at = this.#cellAt(leaf, cell);
    const length = this.#varints.read(leaf.page, at);
    const rowid = this.#varints.read(leaf.page, this.#varints.at);
    if (length < 0 || rowid <= this.rowid) return false;
    this.rowid = rowid;
    this.#payloadLength = length;
    this.#payloadAt = this.#varints.at;
    return true;
  }

  #level(number: number): Level {
    this.#visits++;
    if (this.#isLoop) throw this.#fault(number, 'The pages of a table lead back to themselves');
    const seen = this.#snapshot.page(number);
    const header = number === 1 ? firstPageOffset : 0;
    const type = seen[header];
    if (type !== interiorPage && type !== leafPage)
      throw this.#fault(number, `Page ${number} should belong to a table, but is of type ${type}`);
    const cells = (seen[header + 3]! << 8) | seen[header + 4]!;
    const headerLength = type === leafPage ? 8 : 12;
    if (header + headerLength + cells * 2 > seen.length)
      throw this.#fault(number, `Page ${number} says that it holds more rows than it can`);
    return { page: type === leafPage ? this.#copyLeaf(seen) : seen.slice(), number, header, cells, cell: 0 };
  }

  /** There is one leaf at a time, so that all of them are copied to the same place. */
  #copyLeaf(page: Uint8Array): Uint8Array {
    this.#leafBytes ??= new Uint8Array(page.length);
    this.#leafBytes.set(page);
    return this.#leafBytes;
  }

  #cellAt({ page, header, number }: Level, cell: number): number {
    const pointer = header + (page[header] === leafPage ? 8 : 12) + cell * 2;
    const at = (page[pointer]! << 8) | page[pointer + 1]!;
    if (at < header + 8 || at >= page.length) throw this.#fault(number, `Page ${number} points outside itself`);
    return at;
  }

  #rowidAt(leaf: Level, cell: number): number {
    this.#varints.read(leaf.page, this.#cellAt(leaf, cell));
    return this.#varints.read(leaf.page, this.#varints.at);
  }

  #keyAt(level: Level, cell: number): number {
    return level.page[level.header] === leafPage
      ? this.#rowidAt(level, cell)
      : this.#varints.read(level.page, this.#cellAt(level, cell) + 4);
  }

  /** Which child holds the keys of a cell; the one behind the last cell stands in the page's header. */
  #childAt(level: Level, cell: number): number {
    return readUint32(level.page, cell < level.cells ? this.#cellAt(level, cell) : level.header + 8);
  }

  /** The first cell whose rows may be larger: in a leaf the cell's own id is, in an interior page the largest id under it. */
  #firstAfter(level: Level, rowid: number): number {
    let low = 0;
    let high = level.cells;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keyAt(level, middle) > rowid) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #fault(page: number, message: string): SqliteFault {
    return new SqliteFault(`${message}.`, (page - 1) * this.#snapshot.header.pageSize);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
