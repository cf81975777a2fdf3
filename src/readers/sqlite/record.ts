import { SqliteFault } from './fault.ts';
import type { TextEncoding } from './header.ts';
import { hashRow } from './rowHash.ts';
import { VarintReader } from './varint.ts';

/** A value as it is stored. Integers beyond 2^53 are bigints, so that nothing is rounded. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** SQLite allows no more columns than this (SQLITE_MAX_COLUMN). */
const mostColumns = 32767;
const contentSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

/**
 * One record: the header gives a type for each column, the content follows (https://www.sqlite.org/fileformat2.html §2.1). One object serves all rows
 * of a scan; what it gave before belongs to the bytes of that row.
 */
export class SqliteRecord {
  columnCount = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;
  #end = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #buffer: Buffer = Buffer.alloc(0);
  #types = new Float64Array(16);
  #starts = new Float64Array(17);
  readonly #varints = new VarintReader();
  readonly #encoding: TextEncoding;

  constructor(encoding: TextEncoding) {
    this.#encoding = encoding;
  }

  /** Takes a row's payload, which are the bytes [from, end). Throws SqliteFault where it is malformed. */
  load(bytes: Uint8Array, from: number, end: number): void {
    if (bytes.buffer !== this.#view.buffer) {
      this.#view = new DataView(bytes.buffer);
      this.#buffer = Buffer.from(bytes.buffer);
    }
    this.#bytes = bytes;
    this.#from = from;
    const headerEnd = from + this.#varints.read(bytes, from);
    if (headerEnd > end) throw new SqliteFault('A row says that its header is longer than the row.');
    let at = this.#varints.at;
    let start = headerEnd;
    let column = 0;
    while (at < headerEnd) {
      const type = this.#varints.read(bytes, at);
      at = this.#varints.at;
      if (column === this.#types.length) this.#grow();
      this.#types[column] = type;
      this.#starts[column] = start;
      start += type < 12 ? contentSizes[type]! : (type - 12) >>> 1;
      column++;
    }
    if (start > end || at > end || column > mostColumns)
      throw new SqliteFault('A row says that its values are longer than the row.');
    this.#starts[column] = start;
    this.columnCount = column;
    this.#end = end;
  }

  /** A checksum of the row. */
  get hash(): number {
    const { byteOffset } = this.#bytes;
    return hashRow(this.#view, byteOffset + this.#from, byteOffset + this.#end);
  }

  /** Whether a column is NULL; a column that was added to the table after the row was written counts as NULL. */
  isNull(column: number): boolean {
    return column < 0 || column >= this.columnCount || this.#types[column] === 0;
  }

  value(column: number): SqliteValue {
    if (this.isNull(column)) return null;
    const type = this.#types[column]!;
    if (type >= 12) return type % 2 === 0 ? this.bytes(column)!.slice() : this.#text(column);
    return type === 6 ? this.#long(this.#offset(column)) : this.#number(type, this.#offset(column));
  }

  /** A number; undefined for anything else. Integers beyond 2^53 become the nearest float64. */
  number(column: number): number | undefined {
    if (this.isNull(column)) return undefined;
    const type = this.#types[column]!;
    if (type >= 12) return undefined;
    if (type === 6) return Number(this.#view.getBigInt64(this.#offset(column)));
    return this.#number(type, this.#offset(column));
  }

  /** Text, or the text that a BLOB holds as UTF-8; undefined for anything else. */
  text(column: number): string | undefined {
    if (this.isNull(column)) return undefined;
    const type = this.#types[column]!;
    if (type < 12) return undefined;
    return type % 2 === 0 ? this.#utf8(column) : this.#text(column);
  }

  /** The stored bytes of a text or a BLOB, as a view that is valid until the next row. */
  bytes(column: number): Uint8Array | undefined {
    if (this.isNull(column) || this.#types[column]! < 12) return undefined;
    return this.#bytes.subarray(this.#starts[column]!, this.#starts[column + 1]!);
  }

  /** The bytes in which the row stands; `startOf` and `endOf` tell where a column's text or BLOB does: for those who compare many of them. */
  get page(): Uint8Array {
    return this.#bytes;
  }

  startOf(column: number): number {
    return this.#starts[column]!;
  }

  endOf(column: number): number {
    return this.#starts[column + 1]!;
  }

  /** Whether a column holds a text or a BLOB. */
  hasBytes(column: number): boolean {
    return !this.isNull(column) && this.#types[column]! >= 12;
  }

  #offset(column: number): number {
    return this.#bytes.byteOffset + this.#starts[column]!;
  }

  #number(type: number, at: number): number {
    const view = this.#view;
    switch (type) {
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getInt16(at);
      case 3:
        return view.getInt8(at) * 65536 + view.getUint16(at + 1);
      case 4:
        return view.getInt32(at);
      case 5:
        return view.getInt16(at) * 4294967296 + view.getUint32(at + 2);
      case 7:
        return view.getFloat64(at);
      case 8:
        return 0;
      case 9:
        return 1;
      default:
        throw new SqliteFault(`A row holds a value of type ${type}, which SQLite reserves.`);
    }
  }

  #long(at: number): number | bigint {
    const value = this.#view.getBigInt64(at);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #text(column: number): string {
    return this.#encoding === 'utf-8' ? this.#utf8(column) : decoders[this.#encoding].decode(this.bytes(column)!);
  }

  #utf8(column: number): string {
    const from = this.#bytes.byteOffset;
    return this.#buffer.toString('utf8', from + this.#starts[column]!, from + this.#starts[column + 1]!);
  }

  #grow(): void {
    const types = new Float64Array(this.#types.length * 2);
    types.set(this.#types);
    this.#types = types;
    const starts = new Float64Array(types.length + 1);
    starts.set(this.#starts);
    this.#starts = starts;
  }
}

/** A byte-order mark is content in a database, not a mark. */
const decoders = {
  'utf-16le': new TextDecoder('utf-16le', { ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { ignoreBOM: true }),
} as const satisfies { readonly [Encoding in Exclude<TextEncoding, 'utf-8'>]: unknown };
