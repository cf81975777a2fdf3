import { closeSync, existsSync, openSync, readSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Snapshot } from '../../../../src/readers/sqlite/snapshot.ts';
import { WalIndex } from '../../../../src/readers/sqlite/wal.ts';
import { rowsOf } from './sqlite.ts';

const pageSize = 16384;
const things = 10;
/** In the shared index of a log: how many frames were copied into the database, and how many a checkpoint has begun to copy (SQLite's walformat.html §2.1). */
const copiedAt = 96;
const attemptedAt = 128;

/** What happens to the database at one moment. */
export type Deed =
  | 'commit'
  | 'commits'
  | 'mark'
  | 'passive'
  | 'restart'
  | 'truncate'
  | 'spill'
  | 'rollback'
  | 'end'
  | 'begin copying'
  | 'copy a page'
  | 'end copying';

/**
 * A database in which every transaction raises one thing of many and the tally of all of them, each on a page of its own: whoever sees parts of two states can tell. Its
 * checkpoints can also be made by hand, page by page, in the order in which SQLite's walCheckpoint does it.
 */
export class TallyDatabase implements Disposable {
  readonly file: string;
  /** The tally of the last state that was committed. */
  committed = 0;
  readonly #database: DatabaseSync;
  #open = 0;
  #marks = 0;
  #copying: { readonly pages: [number, Buffer][]; readonly frames: number } | undefined;

  constructor(file: string, journal: string) {
    this.file = file;
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = ${journal}; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 2;
      CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER, filler); CREATE TABLE tally (id INTEGER PRIMARY KEY, n INTEGER);
      INSERT INTO tally VALUES (1, 0)`,
    );
    const insert = this.#database.prepare('INSERT INTO things (n, filler) VALUES (0, zeroblob(12000))');
    for (let thing = 0; thing < things; thing++) insert.run();
  }

  do(deed: Deed): void {
    this.#deeds[deed]();
  }

  /** Ends what is under way, so that the next deed is possible whatever was done before. */
  settle(): void {
    this.#deeds.rollback();
    this.#deeds['end copying']();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** Only one at a time can be under way; a deed that cannot be done now is left out, as SQLite's locks would make it wait. */
  readonly #deeds: { readonly [D in Deed]: () => void } = {
    commit: () => this.#alone(() => this.#transaction(1)),
    commits: () =>
      this.#alone(() => {
        for (let commit = 0; commit < 3; commit++) this.#transaction(1);
      }),
    // Writes the first page.
    mark: () => this.#alone(() => this.#database.exec(`PRAGMA user_version = ${++this.#marks}`)),
    passive: () => this.#alone(() => this.#checkpoint('PASSIVE')),
    restart: () =>
      this.#alone(() => {
        this.#checkpoint('RESTART');
        this.#transaction(1);
      }),
    truncate: () => this.#alone(() => this.#checkpoint('TRUNCATE')),
    spill: () =>
      this.#alone(() => {
        this.#database.exec('BEGIN');
        this.#raise(things);
        this.#open = things;
      }),
    rollback: () => {
      if (this.#open > 0) this.#database.exec('ROLLBACK');
      this.#open = 0;
    },
    end: () => {
      if (this.#open > 0) this.#database.exec('COMMIT');
      this.committed += this.#open;
      this.#open = 0;
    },
    'begin copying': () => this.#beginCopying(),
    'copy a page': () => this.#copyPage(),
    'end copying': () => this.#endCopying(),
  };

  #alone(deed: () => void): void {
    if (this.#open === 0 && this.#copying === undefined) deed();
  }

  #transaction(count: number): void {
    this.#database.exec('BEGIN');
    this.#raise(count);
    this.#database.exec('COMMIT');
    this.committed += count;
  }

  #raise(count: number): void {
    for (let thing = 0; thing < count; thing++)
      this.#database.exec(`UPDATE things SET n = n + 1 WHERE id = ${1 + ((this.committed * 3 + thing) % things)}`);
    this.#database.exec(`UPDATE tally SET n = n + ${count}`);
  }

  #checkpoint(mode: string): void {
    this.#database.exec(`PRAGMA wal_checkpoint(${mode})`);
  }

  /** SQLite notes how far it will copy before it writes anything to the database. */
  #beginCopying(): void {
    if (this.#copying !== undefined || !existsSync(`${this.file}-wal`)) return;
    const index = new WalIndex();
    const log = openSync(`${this.file}-wal`, 'r');
    index.update(log);
    const pages = [...index.pages].map(([number, offset]): [number, Buffer] => {
      const bytes = Buffer.alloc(pageSize);
      readSync(log, bytes, 0, pageSize, offset);
      return [number, bytes];
    });
    closeSync(log);
    if (index.frames === 0) return;
    this.#copying = { pages, frames: index.frames };
    this.#tell(attemptedAt, index.frames);
  }

  #copyPage(): void {
    const next = this.#copying?.pages.pop();
    if (next === undefined) return;
    const [number, bytes] = next;
    const database = openSync(this.file, 'r+');
    writeSync(database, bytes, 0, pageSize, (number - 1) * pageSize);
    closeSync(database);
  }

  #endCopying(): void {
    if (this.#copying === undefined) return;
    while (this.#copying.pages.length > 0) this.#copyPage();
    this.#tell(copiedAt, this.#copying.frames);
    this.#copying = undefined;
  }

  #tell(at: number, frames: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(frames);
    const shared = openSync(`${this.file}-shm`, 'r+');
    writeSync(shared, bytes, 0, 4, at);
    closeSync(shared);
  }
}

/** What a snapshot shows: the tally, and the sum of the things, which is the same in every state that was committed. */
export function tallyOf(snapshot: Snapshot): { readonly tally: unknown; readonly sum: number } {
  const sum = rowsOf(snapshot, 'things').reduce((total, row) => total + Number(row[2]), 0);
  return { tally: rowsOf(snapshot, 'tally')[0]?.[2], sum };
}
