import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import fc from 'fast-check';
import { SqliteFile } from '../../../src/readers/sqlite/file.ts';
import { readSchema } from '../../../src/readers/sqlite/schema.ts';
import { temporaryFolder } from './support/events.ts';
import { fingerprint, readTable, rowsOf } from './support/sqlite.ts';

type Bound = null | number | bigint | string | Uint8Array;

/** What SQLite itself says of a table, bigints where they are needed. */
function expectedRows(database: DatabaseSync, name: string): unknown[] {
  const statement = database.prepare(`SELECT rowid AS r__, * FROM ${name} ORDER BY rowid`);
  statement.setReadBigInts(true);
  return statement.all().map((row) =>
    Object.values(row as { [column: string]: Bound }).map((value) => {
      if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      return value instanceof Uint8Array ? new Uint8Array(value) : value;
    }),
  );
}

const value: fc.Arbitrary<Bound> = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map(BigInt),
  fc.constantFrom(0n, 1n, -1n, 127n, 128n, -129n, 32768n, 8388608n, -8388609n, 2n ** 47n, -(2n ** 47n) - 1n),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0')),
  fc.uint8Array({ maxLength: 60 }),
  fc.integer({ min: 100, max: 9000 }).map((length) => new Uint8Array(length).fill(length % 251)),
);

/** What a writer does between two looks of the reader. */
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      rows: fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), modulo: fc.integer({ min: 2, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), with: value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const), rows: fc.integer({ min: 1, max: 200 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('checkpoint' as const),
      mode: fc.constantFrom('PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vacuum' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('column' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const act: { readonly [Do in Action['do']]: (database: DatabaseSync, action: Extract<Action, { do: Do }>) => void } = {
  insert: (database, { rows }) => {
    database.exec('BEGIN');
    const insert = database.prepare('INSERT INTO things (a, b) VALUES (?, ?)');
    for (const [a, b] of rows) insert.run(a, b);
    database.exec('COMMIT');
  },
  delete: (database, { modulo }) => database.exec(`DELETE FROM things WHERE id % ${modulo} = 1`),
  update: (database, { with: content }) => {
    database.prepare('UPDATE things SET a = ? WHERE id % 7 = 3').run(content);
  },
  rollback: (database, { rows }) => {
    database.exec('BEGIN');
    const insert = database.prepare('INSERT INTO things (a) VALUES (zeroblob(3000))');
    for (let row = 0; row < rows; row++) insert.run();
    database.exec('ROLLBACK');
  },
  checkpoint: (database, { mode }) => database.exec(`PRAGMA wal_checkpoint(${mode})`),
  vacuum: (database) => database.exec('VACUUM'),
  column: (database) => {
    const { n } = database.prepare("SELECT count(*) AS n FROM pragma_table_info('things')").get() as { n: number };
    if (n < 8) database.exec(`ALTER TABLE things ADD COLUMN "extra ${n}" TEXT DEFAULT 'it''s ${n}'`);
  },
};

for (const journal of ['WAL', 'DELETE', 'PERSIST', 'TRUNCATE']) {
  test(`what a writer committed is read, and nothing else: journal mode ${journal}`, async (context) => {
    const folder = temporaryFolder(context);
    let count = 0;
    const property = fc.asyncProperty(
      fc.constantFrom(512, 1024, 4096, 65536),
      fc.constantFrom('UTF-8', 'UTF-16le', 'UTF-16be'),
      fc.array(action, { minLength: 1, maxLength: 12 }),
      async (pageSize, encoding, actions) => {
        const file = path.join(folder, `${count++}.db`);
        const database = new DatabaseSync(file);
        const reader = new SqliteFile(file);
        try {
          database.exec(
            `PRAGMA page_size = ${pageSize}; PRAGMA encoding = '${encoding}'; PRAGMA journal_mode = ${journal}`,
          );
          database.exec(
            'CREATE TABLE other (x); CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b /* , c */)',
          );
          for (const next of actions) {
            (act[next.do] as (database: DatabaseSync, action: Action) => void)(database, next);
            const before = fingerprint(file);
            const answer = await reader.read((snapshot) => rowsOf(snapshot, 'things'));
            assert.deepEqual(fingerprint(file), before);
            assert.ok(answer.ok, answer.ok ? '' : answer.message);
            assert.deepEqual(answer.value.faults, []);
            assert.deepEqual(answer.value.value, expectedRows(database, 'things'));
          }
        } finally {
          database.close();
        }
        assert.ok((await reader.read((snapshot) => rowsOf(snapshot, 'things'))).ok);
      },
    );
    await fc.assert(property, { numRuns: 20 });
  });
}

for (const journal of ['WAL', 'DELETE', 'TRUNCATE']) {
  test(`no half of a transaction is seen while another process writes: journal mode ${journal}`, async (context) => {
    const file = path.join(temporaryFolder(context), 'live.db');
    const program = path.join(import.meta.dirname, 'support', 'sqliteWriter.ts');
    const writer = spawn(process.execPath, ['--no-warnings', program, file, journal], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(writer, 'exit');
    context.after(() => void writer.kill());
    await once(writer.stdout, 'data');
    const reader = new SqliteFile(file);
    const states = new Set<string>();
    /** False where the writer was too fast for every try, and the answer says so. */
    const look = async (): Promise<boolean> => {
      const answer = await reader.read((snapshot) => ({
        version: snapshot.version,
        things: rowsOf(snapshot, 'things').length,
        counted: rowsOf(snapshot, 'counts')[0]?.[2],
      }));
      if (!answer.ok) {
        assert.equal(answer.reason, 'not-yet', answer.message);
        return false;
      }
      assert.deepEqual(answer.value.faults, []);
      assert.equal(answer.value.value.things, answer.value.value.counted);
      states.add(answer.value.value.version);
      return true;
    };
    let [seen, missed] = [0, 0];
    while (seen < 25 || states.size < 10) {
      if (await look()) seen++;
      else missed++;
      if (missed < 10) continue;
      // On a machine that is busy enough the writer is always faster; while it rests, there is no excuse.
      missed = 0;
      writer.stdin.write('rest\n');
      await once(writer.stdout, 'data');
      assert.ok(await look(), 'nothing was read while the writer rested');
      seen++;
      writer.stdin.write('go on\n');
    }
    writer.stdin.write('stop\n');
    await ended;
    const database = new DatabaseSync(file);
    context.after(() => database.close());
    assert.deepEqual(await readTable(file, 'things'), expectedRows(database, 'things'));
  });
}

/** A database with rows on many pages, some of them long. */
function makeDatabase(file: string, journal = 'WAL', rows = 2000): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(
    `PRAGMA page_size = 1024; PRAGMA journal_mode = ${journal}; CREATE TABLE things (id INTEGER PRIMARY KEY, a, b)`,
  );
  const insert = database.prepare('INSERT INTO things (a, b) VALUES (?, zeroblob(?))');
  database.exec('BEGIN');
  for (let row = 0; row < rows; row++) insert.run(`row ${row}`, row % 100 === 0 ? 5000 : 20);
  database.exec('COMMIT');
  return database;
}

test('a live database whose rows are all in its log is read, also from a copy without the shared index', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'live.db');
  const database = makeDatabase(file);
  context.after(() => database.close());
  const expected = expectedRows(database, 'things');
  assert.deepEqual(await readTable(file, 'things'), expected);
  const copy = path.join(folder, 'copy.db');
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  assert.deepEqual(await readTable(copy, 'things'), expected);
  assert.equal(existsSync(`${copy}-shm`), false);
  const alone = path.join(folder, 'alone.db');
  copyFileSync(`${file}-wal`, `${alone}-wal`);
  assert.deepEqual(await readTable(alone, 'things'), expected);
});

test('a log that was cut off or damaged ends at its last whole commit', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'live.db');
  const database = makeDatabase(file, 'WAL', 50);
  context.after(() => database.close());
  const before = expectedRows(database, 'things');
  const whole = readFileSync(`${file}-wal`).length;
  database.exec("UPDATE things SET a = 'later'");
  const log = readFileSync(`${file}-wal`);
  assert.ok(log.length > whole);
  const copy = path.join(folder, 'copy.db');
  copyFileSync(file, copy);
  const reader = new SqliteFile(copy);
  for (const length of [whole, whole + 1, whole + 1000, log.length - 1]) {
    writeFileSync(`${copy}-wal`, log.subarray(0, length));
    const answer = await reader.read((snapshot) => rowsOf(snapshot, 'things'));
    assert.ok(answer.ok);
    assert.deepEqual(answer.value.value, before);
  }
  log[whole + 500]! ^= 1;
  writeFileSync(`${copy}-wal`, log);
  assert.deepEqual(await readTable(copy, 'things'), before);
});

test('of a file that was cut off, what is there is read and what is missing is said', async (context) => {
  const file = path.join(temporaryFolder(context), 'cut.db');
  const database = makeDatabase(file, 'DELETE');
  const expected = expectedRows(database, 'things');
  database.close();
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  const answer = await new SqliteFile(file).read((snapshot) => rowsOf(snapshot, 'things'));
  assert.ok(answer.ok);
  const rows = answer.value.value;
  assert.ok(rows.length > 100 && rows.length < expected.length);
  const byId = new Map((expected as unknown[][]).map((row) => [row[0], row]));
  for (const row of rows) assert.deepEqual(row, byId.get(row[0]));
  assert.ok(answer.value.faults.length > 0);
  assert.match(answer.value.faults[0]!.message, /not whole/);
  assert.ok(Number.isInteger(answer.value.faults[0]!.offset));
});

test('a transaction that was cut off in a rollback journal is told, with what to do', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'hot.db');
  const database = makeDatabase(file, 'DELETE', 500);
  database.exec("PRAGMA cache_size = 2; BEGIN; UPDATE things SET a = 'half'");
  assert.ok(existsSync(`${file}-journal`));
  const answer = await new SqliteFile(file).read((snapshot) => rowsOf(snapshot, 'things'));
  assert.equal(answer.ok ? '' : answer.reason, 'not-yet');
  assert.match(answer.ok ? '' : answer.message, /journal.*sqlite3/s);
  database.exec('ROLLBACK');
  assert.equal((await readTable(file, 'things')).length, 500);
  database.close();
});

test('what is no database, is empty or is not there is told apart', async (context) => {
  const folder = temporaryFolder(context);
  const at = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const reasonOf = async (file: string): Promise<string> => {
    const answer = await new SqliteFile(file).read((snapshot) => readSchema(snapshot).tables.size);
    return answer.ok ? `${answer.value.value} tables` : answer.reason;
  };
  assert.equal(await reasonOf(path.join(folder, 'none.db')), 'absent');
  assert.equal(await reasonOf(at('empty.db', '')), '0 tables');
  assert.equal(await reasonOf(at('text.db', 'x'.repeat(5000))), 'unreadable');
  assert.equal(await reasonOf(at('short.db', 'SQLite format 3\0')), 'unreadable');
  assert.equal(await reasonOf(folder), 'unreadable');
});

test('columns are found in every form of CREATE TABLE', async (context) => {
  const file = path.join(temporaryFolder(context), 'forms.db');
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE "odd ""name" ([a,b] TEXT DEFAULT ')', \`c\` NUMERIC(10, 2) CHECK (c > 0), -- d, e
      id INTEGER, 'f' GENERATED ALWAYS AS (c * 2) VIRTUAL, g AS (c + 1) STORED, CONSTRAINT k PRIMARY KEY (id), UNIQUE (c, g));
    INSERT INTO "odd ""name" ([a,b], c, id) VALUES ('x', 1.5, 7);
    CREATE TABLE plain (id INTEGER PRIMARY KEY DESC, x);
    INSERT INTO plain VALUES (5, 'y');
    CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
    CREATE VIEW v AS SELECT 1`);
  database.close();
  const answer = await new SqliteFile(file).read((snapshot) => ({
    schema: readSchema(snapshot),
    odd: rowsOf(snapshot, 'odd "name'),
    plain: rowsOf(snapshot, 'plain'),
  }));
  assert.ok(answer.ok);
  const { schema, odd, plain } = answer.value.value;
  assert.deepEqual(
    schema.tables.get('odd "name')?.columns.map(({ name }) => name),
    ['a,b', 'c', 'id', 'g'],
  );
  assert.deepEqual(odd, [[7, 'x', 1.5, 7, 2.5]]);
  assert.deepEqual(plain, [[1, 5, 'y']]);
  assert.deepEqual(schema.unread, ['keyed']);
});
