import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import fc from 'fast-check';
import { SqliteFault } from '../../../src/readers/sqlite/fault.ts';
import { readSchema } from '../../../src/readers/sqlite/schema.ts';
import { Snapshot } from '../../../src/readers/sqlite/snapshot.ts';
import { WalIndex } from '../../../src/readers/sqlite/wal.ts';
import { touch } from './support/betweenReads.ts';
import { temporaryFolder } from './support/events.ts';
import { rowsOf } from './support/sqlite.ts';

/** What changes in the bytes of a sound database: single bytes, numbers of pages and lengths, pages that take another's place. */
const change = fc.oneof(
  fc.record({ do: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ do: fc.constant('head' as const), page: fc.nat(), at: fc.nat(120), value: fc.nat(255) }),
  fc.record({ do: fc.constant('page' as const), page: fc.nat(), with: fc.nat() }),
  fc.record({ do: fc.constant('cut' as const), at: fc.nat() }),
);
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

const pageSize = 512;

const apply: { readonly [Do in Change['do']]: (bytes: Buffer, change: Extract<Change, { do: Do }>) => Buffer } = {
  byte: (bytes, { at, value }) => {
    bytes[at % bytes.length] = value;
    return bytes;
  },
  head: (bytes, { page, at, value }) => {
    bytes[((page * pageSize) % bytes.length) + at] = value;
    return bytes;
  },
  page: (bytes, { page, with: other }) => {
    const pages = Math.floor(bytes.length / pageSize);
    bytes.copy(bytes, (page % pages) * pageSize, (other % pages) * pageSize, ((other % pages) + 1) * pageSize);
    return bytes;
  },
  cut: (bytes, { at }) => bytes.subarray(0, pageSize + (at % bytes.length)),
};

test('damaged databases give what is sound and faults, without an exception, a loop or a huge allocation', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'sound.db');
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA page_size = ${pageSize}; CREATE TABLE things (id INTEGER PRIMARY KEY, a, b)`);
  const insert = database.prepare('INSERT INTO things (a, b) VALUES (?, zeroblob(?))');
  database.exec('BEGIN');
  for (let row = 0; row < 800; row++) insert.run(`row ${row}`, row % 50 === 0 ? 3000 : row % 40);
  database.exec('COMMIT');
  database.close();
  const whole = readFileSync(file);
  const damaged = path.join(folder, 'damaged.db');
  const property = fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
    let bytes: Buffer = Buffer.from(whole);
    for (const one of changes) bytes = (apply[one.do] as (bytes: Buffer, change: Change) => Buffer)(bytes, one);
    writeFileSync(damaged, bytes);
    readTolerantly(damaged);
  });
  fc.assert(property, { numRuns: 400 });
});

test('damaged logs are believed as far as their checksums hold', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'live.db');
  const database = new DatabaseSync(file);
  context.after(() => database.close());
  database.exec(
    `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; CREATE TABLE things (id INTEGER PRIMARY KEY, a)`,
  );
  for (let row = 0; row < 60; row++) database.exec(`INSERT INTO things (a) VALUES (${row})`);
  const main = readFileSync(file);
  const log = readFileSync(`${file}-wal`);
  const damaged = path.join(folder, 'damaged.db');
  writeFileSync(damaged, main);
  const property = fc.property(
    fc.nat(log.length - 1),
    fc.integer({ min: 1, max: 255 }),
    fc.nat(log.length),
    (at, flip, cut) => {
      const bytes = Buffer.from(log);
      bytes[at]! ^= flip;
      writeFileSync(`${damaged}-wal`, bytes.subarray(0, Math.max(at + 1, cut)));
      const rows = readTolerantly(damaged);
      // Rows come one by one in this log, so what is read is a beginning of them.
      assert.deepEqual(
        rows.map(([, , a]) => a),
        rows.map((_, index) => index),
      );
    },
  );
  fc.assert(property, { numRuns: 200 });
});

/** Reads a file as one that nobody has written to for long. */
function readTolerantly(file: string): ReturnType<typeof rowsOf> {
  touch(file, Date.now() - 3_600_000);
  let snapshot: Snapshot | undefined;
  try {
    snapshot = new Snapshot(file, new WalIndex(), () => true);
    readSchema(snapshot);
    return rowsOf(snapshot, 'things');
  } catch (error) {
    if (!(error instanceof SqliteFault)) throw error;
    return [];
  } finally {
    snapshot?.dispose();
  }
}
